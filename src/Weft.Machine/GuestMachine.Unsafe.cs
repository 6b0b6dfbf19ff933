using Weft.Kvm;

namespace Weft.Machine;

/// <summary>
/// A virtual machine as bare hardware: physical memory, the pages that the processor itself needs
/// (descriptor tables, exception stubs), and vCPUs. Knows nothing of Linux.
/// </summary>
/// <remarks>Owns the KVM descriptors and the memory until <see cref="Dispose"/>. <see cref="CreateVcpu"/> is thread-safe.</remarks>
public sealed unsafe class GuestMachine : IDisposable
{
    private readonly KvmSystem _kvm;
    private readonly KvmVm _vm;
    private readonly Lock _lock = new();
    private readonly List<GuestPageTables> _addressSpaces = [];
    private readonly List<(GuestPhysicalAddress Block, ulong Virtual)> _blocks = [];
    private readonly List<Vcpu> _vcpus = [];
    private readonly GuestPhysicalAddress _interruptTable;
    private readonly GuestPhysicalAddress _exceptionStubs;
    private DoorbellPage? _doorbell;
    private int _vcpuCount;

    /// <summary>Opens KVM and creates an empty machine.</summary>
    /// <param name="mostArenaBytes">The most address space to reserve for what the program maps; less where a process has many machines.</param>
    /// <param name="sharesMemory">Whether the program's memory is one memfd that others may map; else it is the process's own.</param>
    /// <exception cref="KvmException">The host has no usable KVM.</exception>
    public GuestMachine(ulong mostArenaBytes = GuestPhysicalMemory.MaximumArenaBytes, bool sharesMemory = false)
    {
        _kvm = KvmSystem.Open();
        _vm = _kvm.CreateVm();
        Memory = new GuestPhysicalMemory(_vm, mostArenaBytes, sharesMemory);
        _interruptTable = Memory.AllocateSystemPages();
        _exceptionStubs = Memory.AllocateSystemPages();
        WriteExceptionStubs();
    }

    /// <summary>The physical memory.</summary>
    public GuestPhysicalMemory Memory { get; }

    /// <summary>The doorbell page, or null when there is none yet.</summary>
    public DoorbellPage? Doorbell => Volatile.Read(ref _doorbell);

    /// <summary>vCPUs created so far; KVM cannot take one back.</summary>
    public int VcpuCount => _vcpuCount;

    /// <summary>All vCPUs, for statistics. A copy.</summary>
    public Vcpu[] Vcpus
    {
        get
        {
            lock (_lock)
                return [.. _vcpus];
        }
    }

    /// <summary>The most vCPUs that this host allows.</summary>
    public int MaximumVcpus => Math.Max(1, _kvm.Check(KvmCapability.MaximumVcpus));

    /// <summary>New page tables that hold only the machine's own pages.</summary>
    public GuestPageTables CreatePageTables()
    {
        GuestPageTables tables = new(Memory);
        lock (_lock)
        {
            tables.Map(new(SystemLayout.InterruptTable), _interruptTable, GuestPhysicalMemory.PageSize, PageAccess.Read | PageAccess.Supervisor);
            tables.Map(new(SystemLayout.ExceptionStubs), _exceptionStubs, GuestPhysicalMemory.PageSize, PageAccess.Read | PageAccess.Execute | PageAccess.Supervisor);
            foreach ((GuestPhysicalAddress block, ulong address) in _blocks)
                MapBlock(tables, block, address);
            _addressSpaces.Add(tables);
        }
        return tables;
    }

    /// <summary>Prepares an address space for windows on other VMs' memory. Once an address space; needs shared memory.</summary>
    /// <param name="tables">The address space.</param>
    /// <param name="ownProcessId">Whose it is: calls of a process on itself are copies too.</param>
    public PeerWindows CreatePeerWindows(GuestPageTables tables, int ownProcessId)
    {
        lock (_lock)
            return new PeerWindows(Memory, tables, ownProcessId);
    }

    /// <summary>Creates a vCPU that runs ring 3 in the given address space.</summary>
    /// <exception cref="KvmException">The host's limit of vCPUs or memory is reached.</exception>
    public Vcpu CreateVcpu(GuestPageTables tables)
    {
        lock (_lock)
        {
            int index = _vcpuCount;
            KvmVcpu kvm = _vm.CreateVcpu(index);
            GuestPhysicalAddress block = Memory.AllocateSystemPages((int)(SystemLayout.VcpuBlockBytes / GuestPhysicalMemory.PageSize));
            ulong address = SystemLayout.VcpuBlocks + (ulong)index * SystemLayout.VcpuBlockBytes;
            WriteBlock((byte*)Memory.HostOf(block).Value, address);
            foreach (GuestPageTables space in _addressSpaces)
                MapBlock(space, block, address);
            _blocks.Add((block, address));
            _vcpuCount++;
            Vcpu vcpu = new(this, kvm, tables, Memory.HostOf(block), address);
            _vcpus.Add(vcpu);
            return vcpu;
        }
    }

    /// <summary>The machine's doorbell page, in its plain state when new. The machine owns it.</summary>
    /// <exception cref="KvmException">The host has no more descriptors or slots.</exception>
    public DoorbellPage GetDoorbell()
    {
        lock (_lock)
        {
            if (_doorbell is null)
                Volatile.Write(ref _doorbell, Memory.CreateDoorbell());
            return _doorbell!;
        }
    }

    /// <summary>Closes the machine. Its vCPUs must have been disposed.</summary>
    public void Dispose()
    {
        _doorbell?.Dispose();
        _vm.Dispose();
        _kvm.Dispose();
        Memory.Dispose();
    }

    private static void MapBlock(GuestPageTables tables, GuestPhysicalAddress block, ulong address)
    {
        const ulong page = GuestPhysicalMemory.PageSize;
        tables.Map(new(address + SystemLayout.SystemCallStub), block + SystemLayout.SystemCallStub, page, PageAccess.Read | PageAccess.Execute);
        tables.Map(new(address + SystemLayout.SystemCallSlot), block + SystemLayout.SystemCallSlot, page, PageAccess.Read | PageAccess.Write);
        tables.Map(new(address + SystemLayout.Tables), block + SystemLayout.Tables, 2 * page, PageAccess.Read | PageAccess.Write | PageAccess.Supervisor);
    }

    private static void WriteBlock(byte* block, ulong address)
    {
        // SAFETY: the block has four zeroed pages; every offset below is inside them.
        SystemCallStub.Code.CopyTo(new Span<byte>(block + SystemLayout.SystemCallStub, (int)GuestPhysicalMemory.PageSize));
        ulong* gdt = (ulong*)(block + SystemLayout.Tables);
        ulong taskState = address + SystemLayout.Tables + SystemLayout.TaskState;
        gdt[2] = 0x00af_9b00_0000_ffff;
        gdt[3] = 0x00cf_9300_0000_ffff;
        gdt[5] = 0x00cf_f300_0000_ffff;
        gdt[6] = 0x00af_fb00_0000_ffff;
        ulong limit = SystemLayout.TaskStateBytes + SystemLayout.PortBitmapBytes - 1;
        gdt[7] = limit | (taskState & 0xff_ffff) << 16 | 0x8bUL << 40 | (taskState >> 24 & 0xff) << 56;
        gdt[8] = taskState >> 32;

        byte* task = block + SystemLayout.Tables + SystemLayout.TaskState;
        *(ulong*)(task + 4) = address + SystemLayout.VcpuBlockBytes;
        *(ushort*)(task + 0x66) = (ushort)SystemLayout.TaskStateBytes;
        byte* ports = task + SystemLayout.TaskStateBytes;
        new Span<byte>(ports, (int)SystemLayout.PortBitmapBytes).Fill(0xff);
        ports[SystemLayout.SystemCallPort / 8] &= unchecked((byte)~(1 << SystemLayout.SystemCallPort % 8));
    }

    private void WriteExceptionStubs()
    {
        byte* stubs = (byte*)Memory.HostOf(_exceptionStubs).Value;
        ulong* gates = (ulong*)Memory.HostOf(_interruptTable).Value;
        for (int vector = 0; vector < SystemLayout.ExceptionCount; vector++)
        {
            ulong offset = (ulong)vector * SystemLayout.ExceptionStubBytes;
            EntryStubs.Exception(vector).CopyTo(new Span<byte>(stubs + offset, (int)SystemLayout.ExceptionStubBytes));
            ulong target = SystemLayout.ExceptionStubs + offset;
            const ulong breakpoint = 3, overflow = 4;
            ulong access = (ulong)vector is breakpoint or overflow ? 0xeeUL : 0x8eUL;
            gates[vector * 2] = (target & 0xffff) | (ulong)SystemLayout.KernelCode << 16 | access << 40 | (target >> 16 & 0xffff) << 48;
            gates[vector * 2 + 1] = target >> 32;
        }
    }
}
