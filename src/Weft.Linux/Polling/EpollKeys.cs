using Weft.Linux.Checkpoint;
using Weft.Linux.Files;
using Weft.Native;

namespace Weft.Linux.Polling;

/// <summary>
/// The host's descriptors under which one open file stands in the host's epoll sets. An entry of epoll is keyed by file
/// and number, and a number that dup(2) gave is another key: so each of the program's numbers gets a descriptor of
/// the host's own. The first is the file's, others are duplicates, closed with the last entry made under them.
/// </summary>
/// <remarks>
/// Thread-safe. An entry outlives its number as long as another number of the file is open, as on Linux, for the file's
/// descriptors all go together.
/// </remarks>
internal sealed class EpollKeys(FileDescription file)
{
    private const int Add = 1, Delete = 2, NoNumber = -1;
    private readonly Lock _lock = new();
    private int _firstNumber = NoNumber;
    private int _firstEntries;
    private Dictionary<int, Duplicate>? _duplicates;

    /// <summary>epoll_ctl(2) on the host.</summary>
    /// <param name="set">The host's epoll descriptor.</param>
    /// <param name="operation">EPOLL_CTL_….</param>
    /// <param name="number">The program's number of the file.</param>
    /// <param name="request">The host's address of a struct epoll_event.</param>
    internal SyscallResult Control(int set, int operation, int number, HostAddress request)
    {
        lock (_lock)
        {
            if (_firstNumber == NoNumber || _firstNumber == number)
            {
                _firstNumber = number;
                SyscallResult result = Call(set, operation, file.Host, request, ref _firstEntries);
                if (_firstEntries == 0)
                    _firstNumber = NoNumber;
                return result;
            }
            return ControlDuplicate(set, operation, number, request);
        }
    }

    /// <summary>As they are now, for another VMM that inherits the descriptors.</summary>
    internal EpollKeyState Capture()
    {
        lock (_lock)
            return new EpollKeyState(_firstNumber, _firstEntries,
                _duplicates is null ? [] : [.. _duplicates.Select(static pair => (pair.Key, pair.Value.Host, pair.Value.Entries))]);
    }

    /// <summary>Takes over what another VMM had.</summary>
    internal void Restore(EpollKeyState state)
    {
        lock (_lock)
        {
            _firstNumber = state.FirstNumber;
            _firstEntries = state.FirstEntries;
            foreach ((int number, int host, int entries) in state.Duplicates)
                (_duplicates ??= [])[number] = new Duplicate(host) { Entries = entries };
        }
    }

    /// <summary>The file is closed.</summary>
    internal void Close()
    {
        if (_duplicates is not null)
            foreach (Duplicate duplicate in _duplicates.Values)
                HostStubs.Call(SystemCall.Close, duplicate.Host);
    }

    private SyscallResult ControlDuplicate(int set, int operation, int number, HostAddress request)
    {
        const int duplicateFrom = 1030;
        _duplicates ??= [];
        if (!_duplicates.TryGetValue(number, out Duplicate? key))
        {
            long host = HostStubs.CallQuick(SystemCall.Fcntl, file.Host, duplicateFrom, 0);
            if (host < 0)
                return Errno.ENOSPC;
            _duplicates[number] = key = new Duplicate((int)host);
        }
        SyscallResult result = Call(set, operation, key.Host, request, ref key.Entries);
        if (key.Entries == 0)
        {
            HostStubs.Call(SystemCall.Close, key.Host);
            _duplicates.Remove(number);
        }
        return result;
    }

    private static SyscallResult Call(int set, int operation, int host, HostAddress request, ref int entries)
    {
        SyscallResult result = HostStubs.CallQuick(SystemCall.EpollCtl, set, operation, host, (long)request.Value);
        if (result == SyscallResult.Success && operation is Add or Delete)
            entries += operation == Add ? 1 : -1;
        return result;
    }

    private sealed class Duplicate(int host)
    {
        internal readonly int Host = host;
        internal int Entries;
    }
}
