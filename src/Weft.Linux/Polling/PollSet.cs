using System.Buffers;
using System.Runtime.InteropServices;
using Weft.Linux.Files;
using Weft.Linux.Signals;
using Weft.Native;

namespace Weft.Linux.Polling;

/// <summary>
/// The host's pollfd array of one waiting call, and references to its files, so that another thread's close
/// cannot pull them away meanwhile. Lives in the thread's scratch memory, or in a buffer of its own when large.
/// </summary>
/// <remarks>One call's; <see cref="Dispose"/> gives the references back.</remarks>
internal ref struct PollSet
{
    /// <summary>The host descriptor of an entry whose guest descriptor isn't open.</summary>
    internal const int NotOpen = -1;

    private const int TimeoutBytes = 16, HeaderBytes = 64;
    private readonly NativeBuffer? _own;
    private readonly NativeBuffer _memory;
    private readonly FileDescription?[] _held;
    private readonly int _count;

    internal PollSet(GuestThread thread, int count)
    {
        _count = count;
        long bytes = HeaderBytes + (long)count * PolledFile.Bytes;
        _own = bytes > thread.Scratch.Length ? new NativeBuffer((int)bytes) : null;
        _memory = _own ?? thread.Scratch;
        _held = ArrayPool<FileDescription?>.Shared.Rent(Math.Max(count, 1));
        Array.Clear(_held, 0, count);
    }

    /// <summary>The entries, with the host's descriptors.</summary>
    internal readonly Span<PolledFile> Entries => MemoryMarshal.Cast<byte, PolledFile>(_memory.Span[HeaderBytes..])[.._count];

    /// <summary>Sets an entry to a guest's descriptor. False when it isn't open: the host then ignores the entry.</summary>
    internal readonly bool TrySet(GuestThread thread, int index, int descriptor, int events)
    {
        FileLease lease = thread.Files.Rent(descriptor);
        if (lease.IsOpen)
            _held[index] = lease.Description;
        if (lease.IsOpen && lease.Description is SignalDescription signals)
            signals.AddUser(thread.Signals);
        Entries[index] = new PolledFile { Descriptor = lease.IsOpen ? lease.Host : NotOpen, Events = (short)events };
        return lease.IsOpen;
    }

    /// <summary>
    /// Waits for any entry. The host writes what is left of the time back, so that a wait taken up again after an
    /// interruption keeps its deadline.
    /// </summary>
    /// <param name="thread">The caller.</param>
    /// <param name="timeout">How long; null for ever. Then what is left.</param>
    internal readonly SyscallResult Wait(GuestThread thread, ref Timespec? timeout)
    {
        long address = (long)_memory.Address.Value;
        if (thread.IsAttended)
        {
            // What is ready now is answered without an exit; who must wait leaves by one.
            MemoryMarshal.Write(_memory.Span, default(Timespec));
            SyscallResult now = HostStubs.CallQuick(SystemCall.Ppoll, address + HeaderBytes, _count, address);
            return now.Value != 0 || timeout is { IsZero: true } ? now : SyscallResult.Declined;
        }
        if (timeout is { } limit)
            MemoryMarshal.Write(_memory.Span, limit);
        SyscallResult result = timeout is { IsZero: true }
            ? HostStubs.CallQuick(SystemCall.Ppoll, address + HeaderBytes, _count, address)
            : thread.Block(SystemCall.Ppoll, address + HeaderBytes, _count, timeout is null ? 0 : address);
        if (timeout is not null)
            timeout = MemoryMarshal.Read<Timespec>(_memory.Span[..TimeoutBytes]);
        return result;
    }

    /// <summary>Gives the files back.</summary>
    public readonly void Dispose()
    {
        foreach (FileDescription? file in _held.AsSpan(0, _count))
            file?.Release();
        ArrayPool<FileDescription?>.Shared.Return(_held, true);
        _own?.Dispose();
    }
}
