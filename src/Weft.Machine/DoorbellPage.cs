using Weft.Kvm;
using Weft.Native;

namespace Weft.Machine;

/// <summary>
/// A page that a program stores to so that a device looks at its queues. It has two states. Plain: memory, a page of
/// the arena, for a device that polls; what was stored can be read as a hint. Trapping: no memory at all, and a store
/// wakes <see cref="EventDescriptor"/> inside the host's kernel, without an exit and without its value: what there is
/// to do stands in the queues. The program's page tables are the same in both.
/// </summary>
/// <remarks>
/// Owned by its machine. Thread-safe. A store that KVM does not take itself (another offset than a doorbell's) costs an exit
/// and wakes all the same; a load while trapping reads zeroes.
/// </remarks>
public sealed class DoorbellPage : IDisposable
{
    private const ulong PageSize = GuestPhysicalMemory.PageSize;
    private const int NonBlocking = 0x800, CloseOnExec = 0x80000;

    private readonly Lock _lock = new();
    private readonly KvmVm _vm;
    private readonly HostAddress _host;
    private readonly uint _slot;
    private readonly NativeBuffer _one = new((int)PageSize);
    private long _exits;
    private bool _isDisposed;

    /// <summary>Takes over a page and its memory slot, which is in force.</summary>
    /// <exception cref="KvmException">The host has no more descriptors, or KVM refuses the event.</exception>
    internal DoorbellPage(KvmVm vm, GuestPhysicalAddress physical, HostAddress host, uint slot)
    {
        _vm = vm;
        _host = host;
        _slot = slot;
        Physical = physical;
        long descriptor = HostStubs.Call(SystemCall.Eventfd2, 0, NonBlocking | CloseOnExec);
        if (descriptor < 0)
            throw new KvmException("cannot make a doorbell's event", (Errno)(-descriptor), "raise the limit of open files (ulimit -n)");
        EventDescriptor = (int)descriptor;
        _one.Span[0] = 1;
        foreach (ulong offset in Offsets)
            if (_vm.AssignIoEventFd(physical.Value + offset, EventDescriptor) is < 0 and var error)
                throw new KvmException("KVM refuses a doorbell's event", (Errno)(-error), "run './weft doctor' for what this host offers");
    }

    /// <summary>
    /// Where an mlx4 user access region is rung: the send queues', the completion queues' and, stored in two halves, its
    /// second word. Source: rdma-core, providers/mlx4/mlx4.h.
    /// </summary>
    internal static ReadOnlySpan<ulong> Offsets => [0x14, 0x20, 0x24];

    /// <summary>Where the page is; for the arena's file see <see cref="GuestPhysicalMemory.ArenaOffsetOf"/>.</summary>
    public GuestPhysicalAddress Physical { get; }

    /// <summary>The page behind it, which is never memory: loads leave the guest and get <see cref="ClockPage"/>, stores are lost.</summary>
    public GuestPhysicalAddress Clock => Physical + PageSize;

    /// <summary>The eventfd, non-blocking, that stores wake while trapping. Stays this object's: duplicate it to keep it.</summary>
    public int EventDescriptor { get; }

    /// <summary>Which state the page is in.</summary>
    public bool IsTrapping { get; private set; }

    /// <summary>How many stores cost an exit, for statistics: those to other offsets than a doorbell's.</summary>
    public long ExitCount => Volatile.Read(ref _exits);

    /// <summary>
    /// Changes the state. On return it is in force for every vCPU: a store after it goes the new way, and none is lost
    /// between. Costs some 0.1 to 0.2 ms, and the vCPUs' shadows of page tables where KVM has such. Does nothing when it is so already.
    /// </summary>
    /// <returns>False when KVM refuses, for lack of memory: the state is the old one.</returns>
    public bool SetTrapping(bool isTrapping)
    {
        lock (_lock)
            return !_isDisposed && SetTrappingLocked(isTrapping);
    }

    /// <summary>
    /// Makes every vCPU forget where the page was mapped: while it traps there is no memory whose unmapping would
    /// tell KVM, but any change of slots does.
    /// </summary>
    internal void ForgetTranslations()
    {
        lock (_lock)
            if (IsTrapping && SetTrappingLocked(false))
                SetTrappingLocked(true);
    }

    /// <summary>Signals the event for a store that left the guest.</summary>
    internal void Ring()
    {
        Interlocked.Increment(ref _exits);
        HostStubs.CallQuick(SystemCall.Write, EventDescriptor, (long)_one.Address.Value, sizeof(ulong));
    }

    /// <summary>Closes the event. No vCPU may run any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            HostStubs.CallQuick(SystemCall.Close, EventDescriptor);
            _one.Dispose();
        }
    }

    private bool SetTrappingLocked(bool isTrapping)
    {
        if (isTrapping == IsTrapping)
            return true;
        if (_vm.SetMemorySlot(_slot, Physical.Value, isTrapping ? 0 : PageSize, _host) < 0)
            return false;
        IsTrapping = isTrapping;
        return true;
    }
}
