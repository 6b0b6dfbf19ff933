using System.Buffers.Binary;
using System.Text;
using Weft.Native;

namespace Weft.Vm;

/// <summary>
/// The directory of this user's sockets and registers: $XDG_RUNTIME_DIR/weft, or /tmp/weft-UID where the variable names
/// no directory. Nobody else may look into it: a directory of another owner or mode is refused.
/// </summary>
public static class RuntimeDirectory
{
    // Source: struct stat, x86-64: st_mode at 24, st_uid at 28.
    private const int StatBytes = 144, ModeOffset = 24, OwnerOffset = 28, MostPathBytes = 4096;
    private const int CurrentDirectory = -100, OwnerOnly = 0x1c0, PermissionBits = 0xfff, ForeignBits = 0x3f;
    private const int OpenDirectoryOnly = 0x200000 | 0x80000 | 0x20000 | 0x10000; // O_PATH | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY
    private const string Remedy = "remove it, or set XDG_RUNTIME_DIR to a directory of your own";

    /// <summary>Where it is, whether it exists or not.</summary>
    public static string Path
    {
        get
        {
            string? session = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
            return session is ['/', ..] && Directory.Exists(session)
                ? System.IO.Path.Combine(session, "weft")
                : $"/tmp/weft-{UserId}";
        }
    }

    private static long UserId => HostStubs.CallQuick(SystemCall.Geteuid);

    /// <summary>Makes it when it is missing and checks it. Returns its path.</summary>
    /// <exception cref="IOException">It can't be made, or others could look into it; one line with the remedy.</exception>
    public static string Open()
    {
        string path = Path;
        using NativeBuffer buffer = new(MostPathBytes + StatBytes);
        if (Encoding.UTF8.GetByteCount(path) >= MostPathBytes)
            throw new IOException("XDG_RUNTIME_DIR is too long; set it to a shorter path");
        Encoding.UTF8.GetBytes(path, buffer.Span);
        long name = (long)buffer.Address.Value;
        long made = HostStubs.Call(SystemCall.Mkdir, name, OwnerOnly);
        if (made < 0 && made != -(long)Errno.EEXIST)
            throw new IOException($"'{path}' can't be made ({Linux.ErrorText.Of((Errno)(-made))}); set XDG_RUNTIME_DIR to a directory of your own");
        Check(path, buffer, name);
        return path;
    }

    private static void Check(string path, NativeBuffer buffer, long name)
    {
        long directory = HostStubs.Call(SystemCall.Openat, CurrentDirectory, name, OpenDirectoryOnly);
        if (directory < 0)
            throw new IOException($"'{path}' is no directory that you can use; {Remedy}");
        Span<byte> status = buffer.Span.Slice(MostPathBytes, StatBytes);
        long result = HostStubs.Call(SystemCall.Fstat, directory, name + MostPathBytes);
        HostStubs.CallQuick(SystemCall.Close, directory);
        if (result < 0 || BinaryPrimitives.ReadUInt32LittleEndian(status[OwnerOffset..]) != UserId)
            throw new IOException($"'{path}' belongs to somebody else; {Remedy}");
        uint mode = BinaryPrimitives.ReadUInt32LittleEndian(status[ModeOffset..]) & PermissionBits;
        if ((mode & ForeignBits) != 0)
            throw new IOException($"'{path}' is open to others (mode {Convert.ToString(mode, 8)}); chmod 700 it");
    }
}
