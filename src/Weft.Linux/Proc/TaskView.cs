using System.Text;
using Weft.Linux.Memory;

namespace Weft.Linux.Proc;

/// <summary>Whom a file below /proc/PID or /proc/PID/task/TID is about.</summary>
/// <param name="Process">The process.</param>
/// <param name="ThreadId">The thread; the process's id for its first one.</param>
/// <param name="IsThread">Below task/: the thread's own numbers where process and thread differ.</param>
internal readonly record struct TaskView(Process Process, int ThreadId, bool IsThread)
{
    /// <summary>Where the host has its own view of the same task.</summary>
    internal string HostPath => IsThread ? $"/proc/self/task/{ThreadId}" : "/proc/self";

    /// <summary>The thread, or null when it has ended.</summary>
    internal GuestThread? Thread => Process.FindThread(ThreadId);

    /// <summary>The name, a char a byte.</summary>
    internal string Name => Encoding.Latin1.GetString(Thread?.Name ?? []);

    /// <summary>The executable on the host, as the mapped areas name it; "" before it is loaded.</summary>
    internal string ExecutablePath => Process.Image?.ExecutablePath ?? "";

    /// <summary>The address space.</summary>
    internal AddressSpace Memory => Process.Memory;
}
