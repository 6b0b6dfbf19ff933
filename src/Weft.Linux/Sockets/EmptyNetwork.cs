using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>
/// A network namespace of the VM's own, with nothing but a loopback device that is down: what --network none means
/// where the caller may make one.
/// </summary>
public static class EmptyNetwork
{
    /// <summary>
    /// Moves the calling thread, and those that it and they start, into an empty network. Call on the main thread
    /// before the program runs. False without the privilege (CAP_SYS_ADMIN): sockets of the network's families are then
    /// refused (EAFNOSUPPORT), and abstract Unix names are told apart by a prefix.
    /// </summary>
    public static bool TryEnter(Kernel kernel)
    {
        const int newNetwork = 0x40000000;
        return kernel.HasEmptyNetwork = !kernel.Options.HasNetwork && HostStubs.Call(SystemCall.Unshare, newNetwork) == 0;
    }
}
