using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Threads;

/// <summary>The host thread that runs a guest thread.</summary>
internal static class HostThread
{
    // Handlers are shallow; the program's own stack is guest memory.
    private const int StackBytes = 512 << 10;

    /// <summary>
    /// Starts a thread and waits until it has its id. The ids are written to guest memory before its first
    /// instruction. Returns the id, or -EAGAIN at a limit of the host.
    /// </summary>
    internal static SyscallResult Start(GuestThread child, GuestVirtualAddress parentTid, GuestVirtualAddress childTid)
    {
        using ManualResetEventSlim started = new();
        Thread host = new(() =>
        {
            child.BindToHostThread();
            int threadId = child.ThreadId;
            // As in Linux, an address that cannot be written is the program's own fault and no error.
            if (!parentTid.IsNull)
                child.Memory.TryWrite(parentTid, threadId);
            if (!childTid.IsNull)
                child.Memory.TryWrite(childTid, threadId);
            child.Process.AddThread(child);
            started.Set();
            child.Run();
        }, StackBytes)
        { IsBackground = true };
        try
        {
            host.Start();
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            child.Kernel.ReturnVcpu(child.Vcpu);
            return Errno.EAGAIN;
        }
        started.Wait();
        return child.ThreadId;
    }
}
