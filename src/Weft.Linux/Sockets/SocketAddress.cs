using System.Buffers.Binary;
using System.Text;
using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>A struct sockaddr of the program, copied into scratch memory and made fit for the host.</summary>
/// <remarks>
/// Paths of Unix sockets pass as they are where the program's path means the same to the VMM. Where it doesn't, the
/// host gets "/proc/self/fd/N" of the resolved socket, or of its directory to bind in. Dispose after the host's call.
/// </remarks>
internal ref struct SocketAddress
{
    private const int PathOffset = 2, LongestPath = 108;
    private PathTarget _target;
    private bool _hasTarget;

    /// <summary>Length in bytes, for the host.</summary>
    internal int Length { get; private set; }

    /// <summary>What must be remembered of a bound name once the bind has worked.</summary>
    private byte[]? _guestName;

    /// <summary>Copies and translates an address.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="address">The guest's structure.</param>
    /// <param name="lengthBytes">Its length; at most a sockaddr_storage.</param>
    /// <param name="toBind">A Unix path is to be made, not found.</param>
    /// <param name="name">The result, at <see cref="SocketScratch.Name"/>.</param>
    internal static Errno Read(GuestThread thread, GuestVirtualAddress address, int lengthBytes, bool toBind, out SocketAddress name)
    {
        name = default;
        if ((uint)lengthBytes > SocketScratch.NameBytes)
            return Errno.EINVAL;
        Span<byte> bytes = thread.Scratch.Span.Slice(SocketScratch.Name, SocketScratch.NameBytes);
        if (!thread.Memory.TryRead(address, bytes[..lengthBytes]))
            return Errno.EFAULT;
        name.Length = lengthBytes;
        if (lengthBytes < PathOffset || BinaryPrimitives.ReadUInt16LittleEndian(bytes) != SocketFlags.FamilyUnix)
            return Errno.None;
        if (lengthBytes == PathOffset || bytes[PathOffset] == 0)
            return thread.Kernel.HasAnyNetwork ? Errno.None : name.UseOwnAbstractName(thread, bytes, toBind);
        return name.TranslatePath(thread, bytes, toBind);
    }

    /// <summary>After a bind that worked: what the host's name stands for.</summary>
    internal readonly void RememberBound(GuestThread thread)
    {
        if (_guestName is not null)
            thread.Kernel.UnixNames.Add(HostPath(thread.Scratch.Span.Slice(SocketScratch.Name, Length)), _guestName);
    }

    /// <summary>Closes what translation opened.</summary>
    public void Dispose()
    {
        if (_hasTarget)
            _target.Dispose();
    }

    /// <summary>
    /// Turns an address that the host wrote at <see cref="SocketScratch.Name"/> back into the program's. Returns its length.
    /// </summary>
    internal static int ToGuest(GuestThread thread, int lengthBytes)
    {
        Span<byte> bytes = thread.Scratch.Span.Slice(SocketScratch.Name, SocketScratch.NameBytes);
        if (lengthBytes >= sizeof(ulong) && BinaryPrimitives.ReadUInt16LittleEndian(bytes) == SocketFlags.FamilyNetlink)
            HideResponder(thread.Kernel, bytes[sizeof(uint)..]);
        if (lengthBytes <= PathOffset || lengthBytes > bytes.Length || BinaryPrimitives.ReadUInt16LittleEndian(bytes) != SocketFlags.FamilyUnix)
            return lengthBytes;
        if (bytes[PathOffset] == 0)
        {
            ReadOnlySpan<byte> prefix = AbstractPrefix(thread.Kernel);
            Span<byte> abstractName = bytes[(PathOffset + 1)..lengthBytes];
            if (thread.Kernel.HasAnyNetwork || !abstractName.StartsWith(prefix))
                return lengthBytes;
            abstractName[prefix.Length..].CopyTo(abstractName);
            return lengthBytes - prefix.Length;
        }
        if (thread.Kernel.UnixNames.Find(HostPath(bytes[..lengthBytes])) is not { } guestName)
            return lengthBytes;
        guestName.CopyTo(bytes[PathOffset..]);
        bytes[PathOffset + guestName.Length] = 0;
        return PathOffset + guestName.Length + 1;
    }

    /// <summary>The VMM's end of RDMA netlink is the kernel to the program: port 0.</summary>
    private static void HideResponder(Kernel kernel, Span<byte> port)
    {
        if (kernel.Adapter is not null && kernel.RdmaResponder is { } responder && BinaryPrimitives.ReadUInt32LittleEndian(port) == responder.Port)
            BinaryPrimitives.WriteUInt32LittleEndian(port, 0);
    }

    private Errno TranslatePath(GuestThread thread, Span<byte> bytes, bool toBind)
    {
        ReadOnlySpan<byte> path = HostPath(bytes[..Math.Min(Length, PathOffset + LongestPath)]);
        PathResolver paths = thread.Process.Paths;
        bool isAbsolute = path[0] == (byte)'/';
        if (!paths.Mounts.IsNarrowed && (isAbsolute || WorkingDirectory.IsHosts(thread)))
            return Errno.None;
        string text = Encoding.Latin1.GetString(path);
        byte[] guestName = path.ToArray();
        string last = "";
        if (toBind)
        {
            int slash = text.LastIndexOf('/');
            last = text[(slash + 1)..];
            text = slash < 0 ? "." : text[..(slash + 1)];
            if (last.Length == 0)
                return Errno.EADDRINUSE;
            last = "/" + last;
        }
        Errno error = paths.FindObject(thread, OpenFlags.CurrentDirectory, PathText.Put(thread.Scratch, text), true, false, out _target);
        if (error != Errno.None)
            return error;
        _hasTarget = true;
        if (_target.Directory < 0)
            return toBind ? Errno.EACCES : Errno.ECONNREFUSED;
        if (toBind && _target.IsReadOnly)
            return Errno.EROFS;
        if (toBind)
            _guestName = guestName;
        return Write(bytes, Encoding.Latin1.GetBytes($"/proc/self/fd/{_target.Directory}{last}"));
    }

    /// <summary>Without a network the abstract names are the VM's own, as in a network namespace: a prefix sets them apart.</summary>
    private Errno UseOwnAbstractName(GuestThread thread, Span<byte> bytes, bool toBind)
    {
        ReadOnlySpan<byte> prefix = AbstractPrefix(thread.Kernel);
        if (Length == PathOffset)
        {
            if (!toBind)
                return Errno.None;
            Encoding.ASCII.GetBytes($"\0{thread.Kernel.UnixNames.NextAutomatic():x5}", bytes[PathOffset..]);
            const int automaticBytes = 6;
            Length = PathOffset + automaticBytes;
        }
        if (Length + prefix.Length > PathOffset + LongestPath)
            return toBind ? Errno.EINVAL : Errno.ECONNREFUSED;
        Span<byte> name = bytes[(PathOffset + 1)..];
        name[..(Length - PathOffset - 1)].CopyTo(name[prefix.Length..]);
        prefix.CopyTo(name);
        Length += prefix.Length;
        return Errno.None;
    }

    private Errno Write(Span<byte> bytes, ReadOnlySpan<byte> path)
    {
        if (path.Length >= LongestPath)
            return Errno.ENAMETOOLONG;
        path.CopyTo(bytes[PathOffset..]);
        bytes[PathOffset + path.Length] = 0;
        Length = PathOffset + path.Length + 1;
        return Errno.None;
    }

    private static ReadOnlySpan<byte> HostPath(ReadOnlySpan<byte> address)
    {
        ReadOnlySpan<byte> path = address[PathOffset..];
        int end = path.IndexOf((byte)0);
        return end < 0 ? path : path[..end];
    }

    private static ReadOnlySpan<byte> AbstractPrefix(Kernel kernel) => Encoding.ASCII.GetBytes($"weft-{kernel.NetworkId}/");
}
