using System.Globalization;
using System.Text;
using Weft.Native;

namespace Weft.Vm.Registry;

/// <summary>This VM's own file in the register: made when it starts, taken away when it ends.</summary>
/// <remarks>Thread-safe. A VM that can't register runs all the same: it is only not listed.</remarks>
public sealed class VmRegistration
{
    private const int CurrentDirectory = -100, OwnerReadWrite = 0x180, CreateFlags = 0x80000 | 0x40 | 0x200 | 2; // O_CLOEXEC | O_CREAT | O_TRUNC | O_RDWR
    private const int PathBytes = 4096;
    private readonly Lock _lock = new();
    private readonly List<int> _grants = [];
    private readonly NativeBuffer _buffer;
    private readonly string _path;
    private readonly int _headerBytes;
    private readonly int _descriptor;
    private bool _isOver;

    private VmRegistration(string path, NativeBuffer buffer, int descriptor, int headerBytes)
    {
        _path = path;
        _buffer = buffer;
        _descriptor = descriptor;
        _headerBytes = headerBytes;
    }

    /// <summary>Registers the calling process. Null when the host's directories don't allow it.</summary>
    /// <param name="directory">Of the register; made when it is missing.</param>
    /// <param name="record">What to say.</param>
    public static VmRegistration? TryCreate(string directory, VmRecord record)
    {
        NativeBuffer buffer = new(3 * PathBytes);
        string id = record.ProcessId.ToString(CultureInfo.InvariantCulture);
        // Under another name until it is locked: whoever lists takes an unlocked record for a left-over.
        string path = $"{directory}/{id}";
        if (Encoding.UTF8.GetByteCount(path) + 2 > PathBytes)
            return null;
        PutPath(buffer, 0, $"{directory}/.{id}");
        long descriptor = Open(buffer, directory);
        if (descriptor < 0)
            return null;
        byte[] header = Encoding.UTF8.GetBytes(record.Header());
        header = header.Length <= PathBytes ? header : Encoding.UTF8.GetBytes((record with { Program = "" }).Header());
        header.CopyTo(buffer.Span[(2 * PathBytes)..]);
        long address = (long)buffer.Address.Value;
        bool written = HostStubs.Call(SystemCall.Write, descriptor, address + 2 * PathBytes, header.Length) == header.Length;
        using NativeBuffer structure = new(PathBytes);
        if (!written || !RecordLock.TryTake((int)descriptor, structure) || !Rename(buffer, path))
        {
            HostStubs.Call(SystemCall.Unlink, address);
            HostStubs.CallQuick(SystemCall.Close, descriptor);
            buffer.Dispose();
            return null;
        }
        return new VmRegistration(path, buffer, (int)descriptor, header.Length);
    }

    /// <summary>Says something else from now on, without grants. Returns the registration that holds then.</summary>
    /// <param name="directory">Of the register.</param>
    /// <param name="record">What to say.</param>
    public VmRegistration Renew(string directory, VmRecord record)
    {
        if (TryCreate(directory, record) is not { } next)
            return this;
        lock (_lock)
        {
            _isOver = true;
            HostStubs.CallQuick(SystemCall.Close, _descriptor);
            _buffer.Dispose();
        }
        return next;
    }

    /// <summary>Notes that a member of the group may map this VM's memory from now on.</summary>
    public void AddGrant(int processId)
    {
        lock (_lock)
        {
            int slot = _grants.IndexOf(0);
            if (slot < 0)
            {
                slot = _grants.Count;
                _grants.Add(0);
            }
            _grants[slot] = processId;
            WriteLocked(slot);
        }
    }

    /// <summary>Notes that a grant has ended.</summary>
    public void RemoveGrant(int processId)
    {
        lock (_lock)
        {
            int slot = _grants.IndexOf(processId);
            if (slot < 0)
                return;
            _grants[slot] = 0;
            WriteLocked(slot);
        }
    }

    /// <summary>Takes the record away: the VM ends.</summary>
    public void Remove()
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            PutPath(_buffer, 0, _path);
            HostStubs.CallQuick(SystemCall.Unlink, (long)_buffer.Address.Value);
        }
    }

    private void WriteLocked(int slot)
    {
        Encoding.ASCII.GetBytes(VmRecord.GrantLine(_grants[slot]), _buffer.Span);
        HostStubs.CallQuick(SystemCall.Pwrite64, _descriptor, (long)_buffer.Address.Value, VmRecord.GrantLineBytes,
            _headerBytes + slot * VmRecord.GrantLineBytes);
    }

    private static long Open(NativeBuffer buffer, string directory)
    {
        long address = (long)buffer.Address.Value;
        long descriptor = HostStubs.Call(SystemCall.Openat, CurrentDirectory, address, CreateFlags, OwnerReadWrite);
        if (descriptor != -(long)Errno.ENOENT)
            return descriptor;
        const int ownerOnly = 0x1c0;
        PutPath(buffer, PathBytes, directory);
        HostStubs.Call(SystemCall.Mkdir, address + PathBytes, ownerOnly);
        return HostStubs.Call(SystemCall.Openat, CurrentDirectory, address, CreateFlags, OwnerReadWrite);
    }

    private static bool Rename(NativeBuffer buffer, string path)
    {
        PutPath(buffer, PathBytes, path);
        return HostStubs.Call(SystemCall.Rename, (long)buffer.Address.Value, (long)buffer.Address.Value + PathBytes) == 0;
    }

    private static void PutPath(NativeBuffer buffer, int offset, string path)
    {
        int length = Encoding.UTF8.GetBytes(path, buffer.Span[offset..]);
        buffer.Span[offset + length] = 0;
    }
}
