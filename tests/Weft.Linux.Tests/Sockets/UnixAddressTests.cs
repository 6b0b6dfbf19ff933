using System.Net.Sockets;
using System.Text;
using Weft.Linux.Tests.Processes;
using Weft.Machine;
using Weft.Native;
using SocketFlags = Weft.Linux.Sockets.SocketFlags;

namespace Weft.Linux.Tests.Sockets;

public sealed class UnixAddressTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("weft-unix-");

    public void Dispose() => _directory.Delete(true);

    [KvmFact]
    public void A_name_relative_to_a_changed_directory_is_made_there()
    {
        using CallFixture guest = new();
        guest.Succeed(SystemCall.Chdir, Text(guest, _directory.FullName));
        ulong server = Listen(guest, "inner.socket");
        Assert.True(File.Exists(Path.Combine(_directory.FullName, "inner.socket")));
        Assert.Equal("inner.socket", NameOf(guest, SystemCall.Getsockname, server));
        ulong client = Create(guest);
        Assert.Equal(Errno.None, Connect(guest, client, "inner.socket"));
        Assert.Equal("inner.socket", NameOf(guest, SystemCall.Getpeername, client));
        Assert.Equal(Errno.EADDRINUSE, Bind(guest, Create(guest), "inner.socket"));
        Assert.Equal(Errno.ENOENT, Connect(guest, client, "missing.socket"));
    }

    [KvmFact]
    public void An_absolute_name_below_a_root_stays_below_it()
    {
        using CallFixture guest = new(new KernelOptions { RootDirectory = _directory.FullName, WorkingDirectory = "/" });
        ulong server = Listen(guest, "/in.socket");
        Assert.True(File.Exists(Path.Combine(_directory.FullName, "in.socket")));
        Assert.Equal("/in.socket", NameOf(guest, SystemCall.Getsockname, server));
        Assert.Equal(Errno.None, Connect(guest, Create(guest), "/../in.socket"));
    }

    [KvmFact]
    public void A_link_does_not_lead_out_of_a_root()
    {
        using TemporaryListener outside = new();
        File.CreateSymbolicLink(Path.Combine(_directory.FullName, "way-out"), outside.FullName);
        using CallFixture guest = new(new KernelOptions { RootDirectory = _directory.FullName, WorkingDirectory = "/" });
        Assert.Equal(Errno.ENOENT, Connect(guest, Create(guest), "/way-out"));
        Assert.Equal(Errno.ENOENT, Connect(guest, Create(guest), outside.FullName));
    }

    [KvmFact]
    public void Nothing_is_made_below_a_read_only_root()
    {
        using CallFixture guest = new(new KernelOptions { ReadOnly = true });
        Assert.Equal(Errno.EROFS, Bind(guest, Create(guest), Path.Combine(_directory.FullName, "new.socket")));
    }

    [KvmFact]
    public void Without_a_network_abstract_names_are_the_VMs_own()
    {
        string name = "\0weft-test-" + Guid.NewGuid();
        using Socket outside = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        outside.Bind(new UnixDomainSocketEndPoint(name));
        outside.Listen();
        using CallFixture guest = new(new KernelOptions { HasNetwork = false });
        Assert.Equal(Errno.ECONNREFUSED, Connect(guest, Create(guest), name));
        ulong server = Listen(guest, name);
        Assert.Equal(name, NameOf(guest, SystemCall.Getsockname, server));
        Assert.Equal(Errno.None, Connect(guest, Create(guest), name));
    }

    [KvmFact]
    public void Without_a_network_there_are_no_internet_sockets()
    {
        using CallFixture guest = new(new KernelOptions { HasNetwork = false }), plain = new();
        Assert.Equal(Errno.EAFNOSUPPORT, guest.Fail(SystemCall.Socket, SocketFlags.FamilyInternet, SocketFlags.Stream, 0));
        Assert.Equal(Errno.EAFNOSUPPORT, guest.Fail(SystemCall.Socket, SocketFlags.FamilyNetlink, 3, 0));
        Assert.Equal(Errno.EPROTONOSUPPORT, plain.Fail(SystemCall.Socket, SocketFlags.FamilyNetlink, 3, 20));
    }

    [KvmFact]
    public void Addresses_are_checked()
    {
        using CallFixture guest = new();
        ulong socket = Create(guest);
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Bind, socket, guest.Map(1).Value, 129));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Bind, socket, guest.Map(1).Value, ulong.MaxValue));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.Bind, socket, CallFixture.Unmapped, 16));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.Getsockname, socket, guest.Map(1).Value, CallFixture.Unmapped));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Getsockname, socket, guest.Map(1).Value, guest.Put(-1).Value));
    }

    private static ulong Create(CallFixture guest) => guest.Succeed(SystemCall.Socket, SocketFlags.FamilyUnix, SocketFlags.Stream, 0);

    private static ulong Listen(CallFixture guest, string name)
    {
        ulong socket = Create(guest);
        Assert.Equal(Errno.None, Bind(guest, socket, name));
        guest.Succeed(SystemCall.Listen, socket, 4);
        return socket;
    }

    private static Errno Bind(CallFixture guest, ulong socket, string name) => Name(guest, SystemCall.Bind, socket, name);

    private static Errno Connect(CallFixture guest, ulong socket, string name) => Name(guest, SystemCall.Connect, socket, name);

    private static Errno Name(CallFixture guest, SystemCall call, ulong socket, string name)
    {
        byte[] address = [SocketFlags.FamilyUnix, 0, .. Encoding.UTF8.GetBytes(name)];
        return guest.Fail(call, socket, guest.Put<byte>(address).Value, (ulong)address.Length);
    }

    private static string NameOf(CallFixture guest, SystemCall call, ulong socket)
    {
        GuestVirtualAddress address = guest.Map(1), length = guest.Put(128);
        guest.Succeed(call, socket, address.Value, length.Value);
        byte[] name = new byte[guest.Get<int>(length) - 2];
        Assert.True(guest.Memory.TryRead(address + 2, name));
        string text = Encoding.UTF8.GetString(name);
        return text[0] == '\0' ? text : text.TrimEnd('\0');
    }

    private static ulong Text(CallFixture guest, string text) => guest.Put<byte>(Encoding.UTF8.GetBytes(text + "\0")).Value;

    private sealed class TemporaryListener : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        internal TemporaryListener()
        {
            _socket.Bind(new UnixDomainSocketEndPoint(FullName));
            _socket.Listen();
        }

        internal string FullName { get; } = Path.Combine(Path.GetTempPath(), "weft-" + Guid.NewGuid());

        public void Dispose()
        {
            _socket.Dispose();
            File.Delete(FullName);
        }
    }
}
