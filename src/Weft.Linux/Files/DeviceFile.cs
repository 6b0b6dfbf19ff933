using Weft.Linux.Checkpoint;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>
/// An open character device that the VMM serves itself. The host's descriptor says what poll(2) and fcntl(2) are told;
/// nothing is read from or written to it for the program.
/// </summary>
/// <param name="host">The host's descriptor.</param>
/// <param name="node">The device's node.</param>
/// <param name="path">The path that it was opened by.</param>
internal abstract class DeviceFile(int host, VirtualNode node, string path) : FileDescription(host)
{
    /// <summary>The node.</summary>
    internal VirtualNode Node => node;

    /// <summary>The path that it was opened by.</summary>
    internal string Path => path;

    /// <summary>What the device holds for its VM ends with it.</summary>
    internal override FileState Describe(MountTable mounts) => new() { Kind = FileKind.Gone };

    /// <summary>A write call: a request. The bytes taken, or an error.</summary>
    internal abstract SyscallResult Write(GuestThread thread, GuestVirtualAddress buffer, ulong count);

    /// <summary>Maps a part of the device.</summary>
    internal virtual SyscallResult Map(GuestThread thread, in MapRequest request) => Errno.ENODEV;
}
