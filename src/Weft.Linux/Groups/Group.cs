using System.Text;
using Weft.Native;

namespace Weft.Linux.Groups;

/// <summary>
/// This VM's membership of a group: VMs of one user on one host that may use each other's memory as processes of one
/// user do on Linux. Outside it nobody gets anything.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class Group
{
    private const int CurrentDirectory = -100, PathOnlyDirectory = 0x200000 | 0x80000 | 0x10000, OwnerOnly = 0x1c0, PathBytes = 4096;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, GroupPeer> _peers = [];
    private readonly IGroupRegister _register;
    private readonly int _directory;

    private Group(IGroupRegister register, int directory)
    {
        _register = register;
        _directory = directory;
    }

    /// <summary>Joins: from now on members can ask, and be asked. Call after the process has its descriptors.</summary>
    /// <exception cref="IOException">The group's directory or socket can't be made.</exception>
    public static Group Join(Process process, IGroupRegister register)
    {
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(register);
        using NativeBuffer buffer = new(GroupSocket.BufferBytes);
        const int attempts = 10;
        for (int attempt = 0; ; attempt++)
        {
            long directory = OpenDirectory(buffer, register.Directory);
            long listener = directory < 0 ? directory : GroupSocket.Listen(buffer, (int)directory, process.Id);
            if (listener >= 0)
            {
                AllowMembers();
                new GroupServer(process, register, (int)listener).Start();
                return new Group(register, (int)directory);
            }
            if (directory >= 0)
                HostStubs.Call(SystemCall.Close, directory);
            // The last member that left may just have removed the directory.
            if (listener != -(long)Errno.ENOENT || attempt == attempts)
                throw new IOException($"the group's directory '{register.Directory}' can't be used ({ErrorText.Of((Errno)(-listener))})");
        }
    }

    /// <summary>The member of a process id; null when none such runs.</summary>
    internal GroupPeer? Find(int processId)
    {
        lock (_lock)
        {
            if (_peers.TryGetValue(processId, out GroupPeer? known) && !known.IsClosed)
                return known;
            _peers.Remove(processId);
            if (GroupPeer.TryConnect(_directory, processId) is not { } peer)
                return null;
            _peers.Add(processId, peer);
            return peer;
        }
    }

    /// <summary>Leaves: the socket goes away, and the directory with the last member.</summary>
    public void Leave(int processId)
    {
        using NativeBuffer buffer = new(PathBytes);
        HostStubs.Call(SystemCall.Unlink, PutPath(buffer, $"{_register.Directory}/{processId}"));
        HostStubs.Call(SystemCall.Rmdir, PutPath(buffer, _register.Directory));
    }

    /// <summary>
    /// Where the host's Yama forbids even processes of one user to read each other's memory, unless the target says
    /// otherwise: it does. Members are still told apart by the group's socket, which alone tells where memory is.
    /// </summary>
    private static void AllowMembers()
    {
        const int setTracer = 0x59616d61;
        const long any = -1;
        HostStubs.Call(SystemCall.Prctl, setTracer, any);
    }

    private static long OpenDirectory(NativeBuffer buffer, string path)
    {
        long parent = PutPath(buffer, path[..path.LastIndexOf('/')]);
        HostStubs.Call(SystemCall.Mkdir, parent, OwnerOnly);
        long address = PutPath(buffer, path);
        HostStubs.Call(SystemCall.Mkdir, address, OwnerOnly);
        return HostStubs.Call(SystemCall.Openat, CurrentDirectory, address, PathOnlyDirectory);
    }

    private static long PutPath(NativeBuffer buffer, string path)
    {
        int length = Encoding.UTF8.GetBytes(path, buffer.Span[..(PathBytes - 1)]);
        buffer.Span[length] = 0;
        return (long)buffer.Address.Value;
    }
}
