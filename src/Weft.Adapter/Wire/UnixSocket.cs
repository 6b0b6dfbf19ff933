using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>Unix stream sockets by their bare descriptors. All are close-on-exec.</summary>
public static class UnixSocket
{
    // Source: struct sockaddr_un, linux/un.h; struct ucred, linux/socket.h.
    private const int Family = 1, MostPathBytes = 107, AddressBytes = 110, PathOffset = 2;
    private const int Stream = 1, CloseOnExec = 0x80000, SocketLevel = 1, PeerCredentials = 17, CredentialsBytes = 12;

    /// <summary>Connects to a path. Returns the descriptor or -errno (ENOENT, ECONNREFUSED: nobody listens).</summary>
    public static long Connect(string path) => Make(path, (socket, address, length) =>
        Retry(() => HostStubs.Call(SystemCall.Connect, socket, address, length)));

    /// <summary>Listens on a path, in place of a socket that a dead process left. Returns the descriptor or -errno.</summary>
    public static long Listen(string path)
    {
        File.Delete(path);
        return Make(path, (socket, address, length) =>
        {
            const int backlog = 128;
            long bound = HostStubs.Call(SystemCall.Bind, socket, address, length);
            return bound < 0 ? bound : HostStubs.Call(SystemCall.Listen, socket, backlog);
        });
    }

    /// <summary>Waits for a connection. Returns the descriptor or -errno (EINVAL after <see cref="Shutdown"/>).</summary>
    public static long Accept(int listener) =>
        Retry(() => HostStubs.Call(SystemCall.Accept4, listener, 0, 0, CloseOnExec));

    /// <summary>Two sockets connected with each other.</summary>
    /// <exception cref="IOException">The host has no descriptors left.</exception>
    public static (int First, int Second) Pair()
    {
        using NativeBuffer buffer = new(2 * sizeof(int));
        long result = HostStubs.Call(SystemCall.Socketpair, Family, Stream | CloseOnExec, 0, (long)buffer.Address.Value);
        return result >= 0
            ? (BinaryPrimitives.ReadInt32LittleEndian(buffer.Span), BinaryPrimitives.ReadInt32LittleEndian(buffer.Span[sizeof(int)..]))
            : throw new IOException("the host has no descriptors left for a VM's sockets; raise the limit (ulimit -n)");
    }

    /// <summary>Who connected, as the host's kernel vouches for it. Null when it does not say.</summary>
    public static (int ProcessId, uint UserId)? PeerOf(int socket)
    {
        using NativeBuffer buffer = new(CredentialsBytes + sizeof(int));
        long at = (long)buffer.Address.Value;
        BinaryPrimitives.WriteInt32LittleEndian(buffer.Span[CredentialsBytes..], CredentialsBytes);
        if (HostStubs.Call(SystemCall.Getsockopt, socket, SocketLevel, PeerCredentials, at, at + CredentialsBytes) < 0)
            return null;
        return (BinaryPrimitives.ReadInt32LittleEndian(buffer.Span), BinaryPrimitives.ReadUInt32LittleEndian(buffer.Span[sizeof(int)..]));
    }

    /// <summary>Whether <see cref="Connect"/>'s answer says that nobody listens there.</summary>
    public static bool IsAbsence(long result) => result is -(long)Errno.ENOENT or -(long)Errno.ECONNREFUSED;

    /// <summary>A connected socket as a stream, which owns it. Reads and writes fail (IOException) after a time without progress.</summary>
    public static Stream OpenStream(int socket, int patienceSeconds)
    {
        const int receiveTimeout = 20, sendTimeout = 21, timevalBytes = 16;
        using NativeBuffer timeout = new(timevalBytes);
        BinaryPrimitives.WriteInt64LittleEndian(timeout.Span, patienceSeconds);
        BinaryPrimitives.WriteInt64LittleEndian(timeout.Span[sizeof(long)..], 0);
        foreach (int option in (ReadOnlySpan<int>)[receiveTimeout, sendTimeout])
            HostStubs.Call(SystemCall.Setsockopt, socket, SocketLevel, option, (long)timeout.Address.Value, timevalBytes);
        return new FileStream(new SafeFileHandle(socket, ownsHandle: true), FileAccess.ReadWrite, bufferSize: 0);
    }

    /// <summary>Wakes whoever waits on a socket; it stays open.</summary>
    public static void Shutdown(int socket)
    {
        const int both = 2;
        HostStubs.Call(SystemCall.Shutdown, socket, both);
    }

    /// <summary>Closes a descriptor.</summary>
    public static void Close(int descriptor) => HostStubs.Call(SystemCall.Close, descriptor);

    private static long Make(string path, Func<long, long, long, long> use)
    {
        int pathBytes = Encoding.UTF8.GetByteCount(path);
        if (pathBytes > MostPathBytes)
            return -(long)Errno.ENAMETOOLONG;
        long socket = HostStubs.Call(SystemCall.Socket, Family, Stream | CloseOnExec);
        if (socket < 0)
            return socket;
        using NativeBuffer buffer = new(AddressBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(buffer.Span, Family);
        Encoding.UTF8.GetBytes(path, buffer.Span[PathOffset..]);
        long result = use(socket, (long)buffer.Address.Value, PathOffset + pathBytes + 1);
        if (result >= 0)
            return socket;
        Close((int)socket);
        return result;
    }

    private static long Retry(Func<long> call)
    {
        for (; ; )
            if (call() is var result && result != -(long)Errno.EINTR)
                return result;
    }
}
