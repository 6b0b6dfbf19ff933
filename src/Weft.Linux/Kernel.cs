using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux;

/// <summary>
/// The VM's kernel: what its processes share. A VM, a process (address space, descriptors, signal handlers)
/// and a thread (vCPU) are three different things; today a VM has one process.
/// </summary>
/// <remarks>Thread-safe. Owns the machine.</remarks>
public sealed class Kernel
{
    private readonly Lock _lock = new();
    private readonly Stack<Vcpu> _idleVcpus = new();

    /// <summary>A kernel on a fresh machine.</summary>
    public Kernel(GuestMachine machine, KernelOptions options)
    {
        Machine = machine;
        Options = options;
        ProcessId = NetworkId = Environment.ProcessId;
        EndsBySignal = options.Group is not null;
        Attendant = new Attendant(this);
    }

    /// <summary>Answers calls without an exit.</summary>
    public Attendant Attendant { get; }

    /// <summary>The machine below.</summary>
    public GuestMachine Machine { get; }

    /// <summary>What the user chose.</summary>
    public KernelOptions Options { get; }

    /// <summary>Whether sockets are made in a network namespace of the VM's own; see <see cref="Sockets.EmptyNetwork"/>.</summary>
    public bool HasEmptyNetwork { get; internal set; }

    /// <summary>Whether the VM has a network for itself, be it the host's or an empty one: sockets need no watching.</summary>
    internal bool HasAnyNetwork => Options.HasNetwork || HasEmptyNetwork;

    /// <summary>Names of Unix sockets that the host knows by others.</summary>
    internal Sockets.UnixNames UnixNames { get; } = new();

    /// <summary>Tells the VM's abstract names of sockets apart from other VMs' where they share the host's: those of a VM and its children are one.</summary>
    public int NetworkId { get; internal set; }

    /// <summary>Where the run is written down.</summary>
    public Checkpoint.WatchDescriptors Watch { get; set; } = Checkpoint.WatchDescriptors.None;

    /// <summary>Whether a signal that kills the program kills the host process too, for somebody waits for it who tells that from an exit.</summary>
    public bool EndsBySignal { get; set; }

    /// <summary>Called by the thread that executes another program, when nothing can keep it from that any more.</summary>
    public Action<GuestThread>? Replacing { get; set; }

    /// <summary>Whether the process was forked and has executed no program since: until then its parent may change its process group.</summary>
    internal bool IsForked { get; set; }

    /// <summary>The parent that vfork holds, until this process executes a program or ends; null for none.</summary>
    internal Checkpoint.WaitingParent? WaitingParent { get; set; }

    /// <summary>Called with the program's name after another one was executed in this very VM.</summary>
    public Action<byte[]>? Replaced { get; set; }

    /// <summary>What the run counts.</summary>
    public Statistics Statistics { get; } = new();

    /// <summary>
    /// The clocks that the vDSO reads. Calls that tell the time answer from it too: two sources could step back
    /// against each other. Null until the first program is loaded.
    /// </summary>
    public Time.ClockPage? Clock { get; set; }

    /// <summary>The VMM's process id, which is the program's too: it means the same inside and outside.</summary>
    public int ProcessId { get; }

    /// <summary>Called once with the exit status, by the thread that ended the VM, before the host process ends.</summary>
    public Action<int>? Ending { get; set; }

    /// <summary>Sees every system call when set; see --trace. Set before the first thread runs.</summary>
    public ISystemCallObserver? Observer { get; set; }

    /// <summary>The VM's own view of /proc, /sys and /dev: set once, before the first thread runs; null shows the host's.</summary>
    public IVirtualFiles? VirtualFiles { get; set; }

    /// <summary>The VM's RDMA adapter: set once, before the first thread runs; null for none. Not owned.</summary>
    public Adapter.Control.IAdapterVm? Adapter { get; set; }

    /// <summary>Answers RDMA netlink sockets; null without an adapter. Made at the first use.</summary>
    internal Sockets.RdmaResponder? RdmaResponder
    {
        get
        {
            if (Volatile.Read(ref _rdmaResponder) is { } known)
                return known;
            if (Adapter is not { } adapter)
                return null;
            lock (_lock)
                return _rdmaResponder ??= Sockets.RdmaResponder.TryCreate(adapter.Device);
        }
    }

    /// <summary>The VM's connection management, opened with the first rdma_cm device. ENXIO without an adapter.</summary>
    internal Errno OpenConnections(out Connections.ConnectionService? connections)
    {
        lock (_lock)
        {
            Errno error = _connections is not null ? Errno.None
                : Adapter is null ? Errno.ENXIO : Connections.ConnectionService.Open(Adapter, out _connections);
            connections = _connections;
            return error;
        }
    }

    /// <summary>The VM's membership of a group; null for none. Set before the first thread runs.</summary>
    public Groups.Group? Group { get; set; }

    /// <summary>Whether calls take the slower path on which they are timed and shown.</summary>
    internal bool IsObserved => Statistics.MeasuresTime || Observer is not null;

    /// <summary>How often the vCPUs' stubs answered a call by themselves.</summary>
    public long CallsInStub(int number)
    {
        int answer = Array.IndexOf(StubAnswers.Calls, (SystemCall)number);
        long sum = 0;
        if (answer >= 0)
            foreach (Vcpu vcpu in Machine.Vcpus)
                sum += vcpu.Slot.AnswerUses(answer);
        return sum;
    }

    /// <summary>A vCPU for a new thread: one that a finished thread left, or a new one. Null at the host's limit.</summary>
    internal Vcpu? TakeVcpu(GuestPageTables tables)
    {
        lock (_lock)
            if (_idleVcpus.TryPop(out Vcpu? idle))
                return idle;
        try
        {
            return Machine.CreateVcpu(tables);
        }
        catch (Kvm.KvmException)
        {
            return null;
        }
    }

    /// <summary>Takes back the vCPU of a finished thread.</summary>
    internal void ReturnVcpu(Vcpu vcpu)
    {
        lock (_lock)
            _idleVcpus.Push(vcpu);
    }

    /// <summary>Whether the caller is the first to execute another program; who isn't has lost, and ends with the rest.</summary>
    internal bool TryBeginReplacing() => Interlocked.Exchange(ref _ended, 1) == 0;

    /// <summary>The other program could not be started: the VM may end again.</summary>
    internal void EndReplacing() => Volatile.Write(ref _ended, 0);

    /// <summary>Ends the VM and the host process with it; never returns. The status follows the shell's convention.</summary>
    public void End(int status)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            WaitingParent?.Release();
            Ending?.Invoke(status);
            HostStubs.Call(SystemCall.ExitGroup, status);
        }
        Thread.Sleep(Timeout.Infinite);
    }

    /// <summary>
    /// As <see cref="End"/>, with status 128 + the signal. A member of a group ends by the signal itself, for a launcher of
    /// MPI jobs waits for its ranks and tells a killed one from one that failed; and so does a child of another VM.
    /// </summary>
    internal void EndBySignal(int signal)
    {
        const int statusOfSignal = 128;
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            WaitingParent?.Release();
            Ending?.Invoke(statusOfSignal + signal);
            // This does not return, but in the first process of a container, which has no default actions.
            if (EndsBySignal)
                Signals.HostSignals.Die(signal);
            HostStubs.Call(SystemCall.ExitGroup, statusOfSignal + signal);
        }
        Thread.Sleep(Timeout.Infinite);
    }

    private int _ended;
    private Sockets.RdmaResponder? _rdmaResponder;
    private Connections.ConnectionService? _connections;
}
