namespace Weft.Linux.Files;

/// <summary>The paths that belong to the VM's own view instead of the host's: pieces of /proc, /sys and /dev.</summary>
/// <remarks>
/// Set once as <see cref="Kernel.VirtualFiles"/>. Path resolution asks for every prefix of a path below /proc, /sys
/// and /dev, shortest first, so that links on the way are followed as Linux follows them. Thread-safe.
/// </remarks>
public interface IVirtualFiles
{
    /// <summary>Looks a path up.</summary>
    /// <param name="thread">The calling thread: what /proc/self and /proc/thread-self mean.</param>
    /// <param name="absolutePath">
    /// "/proc", "/sys", "/dev" or a path below: no empty, "." or ".." components, no slash at the end.
    /// </param>
    /// <param name="node">What is there; null with a result of true: nothing, whatever the host has (ENOENT).</param>
    /// <returns>False when the path is the host's own.</returns>
    bool TryResolve(GuestThread thread, string absolutePath, out VirtualNode? node);
}
