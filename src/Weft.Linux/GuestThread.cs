using System.Diagnostics;
using Weft.Kvm;
using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Linux.Processes;
using Weft.Linux.Signals;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux;

/// <summary>
/// A thread of the program: one vCPU, run by one thread of the host whose id it shares. A handler gets it as
/// the caller, whatever host thread the handler runs on.
/// </summary>
/// <remarks>
/// Its state belongs to its host thread while that runs, and to the attendant while the vCPU waits for an
/// answer. Only <see cref="Interrupt"/> and the signal queues may be used by others.
/// </remarks>
public sealed partial class GuestThread
{
    private const int ScratchBytes = 64 << 10;
    private NativeBuffer? _scratch;
    private long _waitsSince;

    /// <summary>A thread that does not run yet.</summary>
    public GuestThread(Process process, Vcpu vcpu)
    {
        Process = process;
        Vcpu = vcpu;
        Signals = new ThreadSignals(this);
    }

    /// <summary>The process.</summary>
    public Process Process { get; }

    /// <summary>The VM's kernel.</summary>
    public Kernel Kernel => Process.Kernel;

    /// <summary>The process's memory.</summary>
    public AddressSpace Memory => Process.Memory;

    /// <summary>The process's descriptors.</summary>
    public FileTable Files => Process.Files;

    /// <summary>The vCPU.</summary>
    public Vcpu Vcpu { get; }

    /// <summary>The program's registers.</summary>
    public ref KvmRegisters Registers => ref Vcpu.Registers;

    /// <summary>Signal mask, pending signals and alternate stack.</summary>
    public ThreadSignals Signals { get; }

    /// <summary>What a new thread takes over from the one that makes it: affinity, memory policy and the like.</summary>
    public ThreadAttributes Attributes { get; } = new();

    /// <summary>The thread id: its host thread's.</summary>
    public int ThreadId { get; private set; }

    /// <summary>The name, at most 15 bytes: prctl(PR_SET_NAME), /proc/self/task/N/comm.</summary>
    public byte[] Name { get; set; } = [];

    /// <summary>Where a 0 is written and a futex woken when the thread ends; null address for nowhere.</summary>
    public GuestVirtualAddress ClearChildTid { get; set; }

    /// <summary>The head of the robust futex list (set_robust_list).</summary>
    public GuestVirtualAddress RobustList { get; set; }

    /// <summary>64 KiB of host memory for structures that pass to the host's kernel. For the running handler only.</summary>
    public NativeBuffer Scratch => _scratch ??= new NativeBuffer(ScratchBytes);

    /// <summary>When the thread last left by an exit for a call that the attendant could have served; the attendant's.</summary>
    internal long LastAttendableExit { get; set; }

    /// <summary>What the attendant declined lately.</summary>
    internal DeclinedCalls Declined { get; } = new();

    /// <summary>How many such exits followed each other closely; the attendant's.</summary>
    internal int AttendableBurst { get; set; }

    /// <summary>Makes the thread leave the guest or a blocking call soon, to look at its pending signals. Any thread may call it.</summary>
    public void Interrupt()
    {
        Volatile.Write(ref Vcpu.PendingWord, 1);
        if (ThreadId != 0)
            HostStubs.KickThread(Kernel.ProcessId, ThreadId);
    }

    /// <summary>
    /// A host system call that may block; a signal for this thread ends it. Returns the host's value or -errno,
    /// <see cref="SyscallResult.Restart"/> when a signal that must be delivered came before anything was done.
    /// </summary>
    public SyscallResult Block(SystemCall number, long a0 = 0, long a1 = 0, long a2 = 0, long a3 = 0, long a4 = 0, long a5 = 0)
    {
        SyscallResult result;
        while (!TryBlock(out result, number, a0, a1, a2, a3, a4, a5))
        {
        }
        return result;
    }

    /// <summary>
    /// Whether the thread wants a core, or wanted one shortly ago: it runs, or began to wait after that time.
    /// Any thread may ask.
    /// </summary>
    internal bool WantsCoreSince(long timestamp)
    {
        long waitsSince = Volatile.Read(ref _waitsSince);
        return waitsSince == 0 || waitsSince > timestamp;
    }

    /// <summary>
    /// As <see cref="Block"/>, but false when an interruption brought no signal to deliver: the caller then works
    /// out what is left of a relative timeout and calls again.
    /// </summary>
    public bool TryBlock(out SyscallResult result, SystemCall number, long a0 = 0, long a1 = 0, long a2 = 0, long a3 = 0, long a4 = 0, long a5 = 0)
    {
        result = SyscallResult.Declined;
        if (_isAttended)
            return true;
        Volatile.Write(ref _waitsSince, Stopwatch.GetTimestamp());
        result = HostStubs.CallInterruptible(Vcpu.PendingAddress, number, a0, a1, a2, a3, a4, a5);
        Volatile.Write(ref _waitsSince, 0);
        if (result.Error != Errno.EINTR)
            return true;
        ClearInterrupt();
        result = SyscallResult.Restart;
        if (!Signals.HasDeliverable)
            return false;
        // Delivered on the way out, also when the handler turns the result into EINTR.
        Volatile.Write(ref Vcpu.PendingWord, 1);
        return true;
    }

    /// <summary>
    /// Forgets an interruption before the queues are looked at. Ordering: a sender queues first and sets the word
    /// second; we clear it first and look second, with a full fence between.
    /// </summary>
    private void ClearInterrupt()
    {
        Volatile.Write(ref Vcpu.PendingWord, 0);
        Interlocked.MemoryBarrier();
        if (Process.IsReplaced)
            Process.Park();
    }
}
