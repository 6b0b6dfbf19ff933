using System.Text;
using Weft.Machine;
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
    private readonly HashSet<int> _ended = [];
    private readonly IGroupRegister _register;
    private readonly int _directory;
    private readonly NativeBuffer _one = new(sizeof(ulong));
    private readonly HashSet<ulong> _sites = [];

    private Group(Process process, IGroupRegister register, int directory)
    {
        const int closeOnExec = 0x80000;
        _register = register;
        _directory = directory;
        PeersChanged = (int)HostStubs.Call(SystemCall.Eventfd2, 0, closeOnExec);
        KernelOptions options = process.Kernel.Options;
        // A copy without an exit is unseen by the VMM, as an answer of the stub.
        if (process.Kernel.Machine.Memory.SystemDescriptor >= 0 && options.AnswersInStub && options.SystemCalls != SystemCallMode.Exit)
            Windows = process.Kernel.Machine.CreatePeerWindows(process.Memory.PageTables, process.Id);
    }

    /// <summary>The windows on members' memory; null when copies without an exit are off.</summary>
    public PeerWindows? Windows { get; }

    /// <summary>An eventfd that is written when there are new peers to watch.</summary>
    internal int PeersChanged { get; }

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
                Group group = new(process, register, (int)directory);
                new GroupServer(group, process, register, (int)listener).Start();
                return group;
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
            _ended.Remove(processId);
            _peers.Add(processId, peer);
            _one.Span[0] = 1;
            HostStubs.CallQuick(SystemCall.Write, PeersChanged, (long)_one.Address.Value, sizeof(ulong));
            return peer;
        }
    }

    /// <summary>Whether a process was a member and has ended: its host process may still be on its way out.</summary>
    internal bool HasEnded(int processId)
    {
        lock (_lock)
            return _ended.Contains(processId);
    }

    /// <summary>Connected peers, at most so many. A copy.</summary>
    internal GroupPeer[] Peers(int most)
    {
        lock (_lock)
            return [.. _peers.Values.Where(peer => !peer.IsClosed).Take(most)];
    }

    /// <summary>A peer has ended: its window closes, and calls about it answer ESRCH.</summary>
    internal void Forget(GroupPeer peer)
    {
        // In this order: whoever opens a window looks afterwards whether the peer was closed meanwhile.
        peer.Close();
        Windows?.Remove(peer.ProcessId);
        const int mostRemembered = 4096;
        lock (_lock)
        {
            if (_ended.Count == mostRemembered)
                _ended.Clear();
            _ended.Add(peer.ProcessId);
            if (_peers.TryGetValue(peer.ProcessId, out GroupPeer? known) && known == peer)
                _peers.Remove(peer.ProcessId);
        }
    }

    /// <summary>
    /// Lets further copies between the caller and a peer go without an exit: opens a window on its memory, and leads the
    /// place that the call came from there. Where that can't be, calls go on by exits.
    /// </summary>
    internal void Prefer(GuestThread thread, GroupPeer peer, int number)
    {
        if (Windows is null)
            return;
        if (!peer.HasAskedMemory)
        {
            peer.HasAskedMemory = true;
            if (peer.AskMemory(thread) is { } memory && Windows.TryAdd(memory) && peer.IsClosed)
                Windows.Remove(peer.ProcessId);
        }
        if (Windows.Has(peer.ProcessId))
            LeadAway(thread, number);
    }

    /// <summary>Leads the place in the program that the caller's call came from to the copying code from now on.</summary>
    internal void LeadAway(GuestThread thread, int number)
    {
        const ulong siteBytes = 7;
        ulong site = thread.Registers.Rip - siteBytes;
        lock (_sites)
            if (Windows is null || !_sites.Add(site))
                return;
        // "mov eax, number; syscall", as compilers put it where the number is known.
        ReadOnlySpan<byte> expected = [0xb8, (byte)number, (byte)(number >> 8), 0, 0, 0x0f, 0x05];
        if (thread.Memory.IsPrivateCode(site, expected) && Windows.MakeTrampoline(new(site), number) is not 0 and var jump)
            thread.Memory.TryReplaceCode(site, expected, jump);
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
