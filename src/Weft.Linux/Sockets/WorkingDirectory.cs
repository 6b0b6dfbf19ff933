using Weft.Linux.Files;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>The VMM's working directory, which never changes, beside the program's.</summary>
internal static class WorkingDirectory
{
    private static (ulong Device, ulong Inode, ulong Links)? _hosts;

    /// <summary>Whether a relative path means the same to both.</summary>
    internal static bool IsHosts(GuestThread thread)
    {
        _hosts ??= OfHost(thread.Scratch);
        using FileLease directory = thread.Process.Paths.RentWorkingDirectory();
        var own = HostFile.Identity(thread.Scratch, directory.Host);
        return own is { } mine && _hosts is { } hosts && mine.Device == hosts.Device && mine.Inode == hosts.Inode;
    }

    private static (ulong Device, ulong Inode, ulong Links)? OfHost(NativeBuffer scratch)
    {
        long host = HostFile.OpenPath(scratch, OpenFlags.CurrentDirectory, ".", OpenFlags.Directory);
        if (host < 0)
            return null;
        try
        {
            return HostFile.Identity(scratch, (int)host);
        }
        finally
        {
            HostFile.Close((int)host);
        }
    }
}
