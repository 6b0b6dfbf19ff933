using Weft.Kvm;
using Weft.Native;

namespace Weft.Machine;

/// <summary>
/// The memory of a group's other members in this VM's address space, and the code that copies from and to it without an
/// exit. On this project's machines code at ring 0 is emulated, so the windows must be the program's to touch: members
/// trust each other as processes of one user do, and addresses inside are refused wherever the program names one to us.
/// </summary>
/// <remarks>
/// Thread-safe. A window's memory slots and entries come at the first touch, in pieces. Windows are taken in turn, so
/// that one is not used again while a vCPU may still be in a copy that found its last owner.
/// </remarks>
public sealed unsafe class PeerWindows
{
    private const int Trampoline = 64, MostTrampolines = 3 * 4096 / Trampoline, SiteBytes = 7, FirstCall = 310, FirstWindowEntry = 2;
    private const ulong SystemWindowBytes = GuestPhysicalMemory.SystemBytes;
    private readonly Lock _lock = new();
    private readonly GuestPhysicalMemory _memory;
    private readonly GuestPageTables _tables;
    private readonly byte* _code;
    private readonly byte* _table;
    private readonly Window?[] _windows = new Window?[SystemLayout.MostPeerWindows];
    private int _trampolines, _nextWindow;

    /// <summary>Puts the code and a table with the process itself alone into an address space.</summary>
    internal PeerWindows(GuestPhysicalMemory memory, GuestPageTables tables, int ownProcessId)
    {
        _memory = memory;
        _tables = tables;
        const ulong page = GuestPhysicalMemory.PageSize;
        GuestPhysicalAddress code = memory.AllocateSystemPages(SystemLayout.CrossCopyCodePages), table = memory.AllocateSystemPages();
        _code = (byte*)memory.HostOf(code).Value;
        _table = (byte*)memory.HostOf(table).Value;
        // SAFETY: the code is shorter than the pages just allocated.
        CrossCopyCode.Code.CopyTo(new Span<byte>(_code, (int)page));
        tables.Map(new(SystemLayout.CrossCopyCode), code, SystemLayout.CrossCopyCodePages * page, PageAccess.Read | PageAccess.Execute);
        tables.Map(new(SystemLayout.CrossCopyTable), table, page, PageAccess.Read | PageAccess.Write);
        byte* own = Entry(-1);
        *(ulong*)(own + CrossCopyCode.ReaderWord) = SystemLayout.CrossCopyTable + CrossCopyCode.OwnWord;
        *(int*)(own + CrossCopyCode.ProcessId) = ownProcessId;
        *(int*)(_table + CrossCopyCode.Count) = 1;
    }

    /// <summary>Calls that were answered by a copy without an exit. The program can write to it: for statistics only.</summary>
    public long Copies => Volatile.Read(ref *(long*)(_table + CrossCopyCode.Copies));

    /// <summary>Opens a window on a peer's memory; its descriptors are closed in any case. False when there is no room.</summary>
    public bool TryAdd(in PeerMemory peer)
    {
        Window? window = peer.ArenaBytes <= SystemLayout.PeerSystemWindow ? Window.TryMap(peer) : null;
        HostStubs.CallQuick(SystemCall.Close, peer.ArenaDescriptor);
        HostStubs.CallQuick(SystemCall.Close, peer.SystemDescriptor);
        if (window is null)
            return false;
        lock (_lock)
        {
            for (int turn = 0; turn < _windows.Length; turn++)
            {
                int index = _nextWindow;
                _nextWindow = (_nextWindow + 1) % _windows.Length;
                if (_windows[index] is not null)
                    continue;
                _windows[index] = window;
                WriteEntry(index, peer);
                return true;
            }
        }
        window.Unmap();
        return false;
    }

    /// <summary>Closes a peer's window: it has ended. Copies that are in it fault, and leave by the system call.</summary>
    public void Remove(int processId)
    {
        lock (_lock)
        {
            int index = Array.FindIndex(_windows, window => window?.ProcessId == processId);
            if (index < 0)
                return;
            Window window = _windows[index]!;
            _windows[index] = null;
            Volatile.Write(ref *(int*)(Entry(index) + CrossCopyCode.ProcessId), 0);
            foreach ((ulong address, ForeignPiece piece) in window.Pieces)
            {
                _tables.Unmap(new(address), GuestPhysicalMemory.ForeignPieceBytes);
                _memory.RemoveForeign(piece);
            }
            window.Unmap();
        }
    }

    /// <summary>Whether a peer has a window.</summary>
    public bool Has(int processId)
    {
        lock (_lock)
            return Array.Exists(_windows, window => window?.ProcessId == processId);
    }

    /// <summary>Makes the piece of a window present that a copy touched for the first time. False when there is none.</summary>
    public bool TryMend(GuestVirtualAddress address)
    {
        ulong offset = address.Value - SystemLayout.PeerWindows;
        if (offset >= SystemLayout.MostPeerWindows * SystemLayout.PeerWindowBytes)
            return false;
        lock (_lock)
        {
            Window? window = _windows[offset / SystemLayout.PeerWindowBytes];
            ulong inWindow = offset % SystemLayout.PeerWindowBytes & ~(GuestPhysicalMemory.ForeignPieceBytes - 1);
            bool isSystem = inWindow >= SystemLayout.PeerSystemWindow;
            ulong piece = address.Value & ~(GuestPhysicalMemory.ForeignPieceBytes - 1);
            if (window is null || window.Pieces.ContainsKey(piece) || !window.Contains(inWindow)
                || _memory.TryAddForeign(window.HostOf(inWindow)) is not { } added)
                return false;
            window.Pieces.Add(piece, added);
            PageAccess access = isSystem ? PageAccess.Read : PageAccess.Read | PageAccess.Write;
            _tables.Map(new(piece), added.Physical, GuestPhysicalMemory.ForeignPieceBytes, access, large: true);
            return true;
        }
    }

    /// <summary>Where a vCPU at this instruction is in the copying code.</summary>
    public static CrossCopyRange RangeOf(ulong instruction) => (long)(instruction - SystemLayout.CrossCopyCode) switch
    {
        CrossCopyCode.CountIn => CrossCopyRange.CountingIn,
        CrossCopyCode.DoneCount => CrossCopyRange.CountingDone,
        CrossCopyCode.LeaveCount => CrossCopyRange.CountingLeft,
        (>= CrossCopyCode.Counted and < CrossCopyCode.DoneCount) or CrossCopyCode.Leave => CrossCopyRange.Counted,
        _ => CrossCopyRange.Outside,
    };

    /// <summary>Where a vCPU goes on whose instruction in the copying code can't be done.</summary>
    public static ulong WayOut(CrossCopyRange range) => SystemLayout.CrossCopyCode + (ulong)(range switch
    {
        CrossCopyRange.Counted => CrossCopyCode.Leave,
        CrossCopyRange.CountingDone => CrossCopyCode.Done,
        _ => CrossCopyCode.Left,
    });

    /// <summary>
    /// Takes a stopped vCPU out of a copy, so that a signal's handler finds nothing half done: it is counted out, and begins the
    /// system call anew after the handler.
    /// </summary>
    public void Abandon(ref KvmRegisters registers)
    {
        CrossCopyRange range = RangeOf(registers.Rip);
        if (range == CrossCopyRange.Outside)
            return;
        if (range != CrossCopyRange.CountingIn)
            CountOut(registers.Rbp);
        registers.Rip = SystemLayout.CrossCopyCode + CrossCopyCode.Left;
    }

    /// <summary>
    /// Makes a trampoline for a site of the program whose seven bytes are "mov eax, number; syscall". Returns the jump that
    /// replaces its first five bytes; 0 when the site is out of reach or there is no room.
    /// </summary>
    public ulong MakeTrampoline(GuestVirtualAddress site, int number)
    {
        lock (_lock)
        {
            ulong address = SystemLayout.CrossCopyCode + GuestPhysicalMemory.PageSize + (ulong)(_trampolines * Trampoline);
            long toTrampoline = (long)(address - (site.Value + 5));
            if (_trampolines == MostTrampolines || toTrampoline != (int)toTrampoline || number is not (FirstCall or FirstCall + 1))
                return 0;
            // SAFETY: below the number of trampolines that the code pages hold behind the first page.
            Span<byte> code = new(_code + GuestPhysicalMemory.PageSize + _trampolines * Trampoline, Trampoline);
            _trampolines++;
            WriteTrampoline(code, address, site, number);
            return 0xe9 | (ulong)(uint)(int)toTrampoline << 8;
        }
    }

    private static void WriteTrampoline(Span<byte> code, ulong address, GuestVirtualAddress site, int number)
    {
        const int callAt = 10, backAt = 23, branchBytes = 5;
        // lea rsp, [rsp-128]: below the red zone; mov eax, number; call; lea rsp, [rsp+128]; jmp back.
        ReadOnlySpan<byte> pattern = [0x48, 0x8d, 0x64, 0x24, 0x80, 0xb8, 0, 0, 0, 0, 0xe8, 0, 0, 0, 0, 0x48, 0x8d, 0xa4, 0x24, 0x80, 0, 0, 0, 0xe9];
        pattern.CopyTo(code);
        BitConverter.TryWriteBytes(code[6..], number);
        BitConverter.TryWriteBytes(code[(callAt + 1)..], (int)(SystemLayout.CrossCopyCode - (address + callAt + branchBytes)));
        BitConverter.TryWriteBytes(code[(backAt + 1)..], (int)(site.Value + SiteBytes - (address + backAt + branchBytes)));
    }

    private void CountOut(ulong entryAddress)
    {
        // A register can be forged: only an entry that has a window counts.
        ulong offset = entryAddress - SystemLayout.CrossCopyTable - FirstWindowEntry * CrossCopyCode.EntryBytes;
        lock (_lock)
            if (offset % CrossCopyCode.EntryBytes == 0 && offset / CrossCopyCode.EntryBytes < (ulong)_windows.Length
                && _windows[offset / CrossCopyCode.EntryBytes] is { } window)
                Interlocked.Decrement(ref *(long*)window.ReaderWord.Value);
    }

    private void WriteEntry(int index, in PeerMemory peer)
    {
        ulong window = SystemLayout.PeerWindows + (ulong)index * SystemLayout.PeerWindowBytes;
        byte* entry = Entry(index);
        *(ulong*)(entry + CrossCopyCode.Root) = peer.Root.Value;
        *(ulong*)(entry + CrossCopyCode.ArenaBias) = window - GuestPhysicalMemory.SystemBytes;
        *(ulong*)(entry + CrossCopyCode.SystemWindow) = window + SystemLayout.PeerSystemWindow;
        *(ulong*)(entry + CrossCopyCode.ReaderWord) = window + peer.ReaderWordOffset;
        // Last: the code looks for the process id.
        Volatile.Write(ref *(int*)(entry + CrossCopyCode.ProcessId), peer.ProcessId);
        ref int count = ref *(int*)(_table + CrossCopyCode.Count);
        Volatile.Write(ref count, Math.Max(count, index + FirstWindowEntry));
    }

    // SAFETY: indices are below the number of windows, whose entries fit the table's page; -1 is the process's own, before them.
    private byte* Entry(int index) => _table + (index + FirstWindowEntry) * CrossCopyCode.EntryBytes;

    /// <summary>A peer's memory as the VMM has it mapped.</summary>
    private sealed class Window
    {
        private readonly HostAddress _arena, _system;
        private readonly ulong _arenaBytes;

        private Window(in PeerMemory peer, HostAddress arena, HostAddress system)
        {
            ProcessId = peer.ProcessId;
            _arena = arena;
            _system = system;
            _arenaBytes = peer.ArenaBytes;
            ReaderWord = arena + peer.ReaderWordOffset;
        }

        internal int ProcessId { get; }

        internal HostAddress ReaderWord { get; }

        /// <summary>What is present, by its address in the guest.</summary>
        internal Dictionary<ulong, ForeignPiece> Pieces { get; } = [];

        internal static Window? TryMap(in PeerMemory peer)
        {
            if (peer.ReaderWordOffset >= peer.ArenaBytes || (peer.ReaderWordOffset & 7) != 0 || peer.ArenaBytes % GuestPhysicalMemory.ForeignPieceBytes != 0)
                return null;
            HostAddress? arena = HostMapping.MapForeign(peer.ArenaDescriptor, peer.ArenaBytes, writable: true);
            HostAddress? system = HostMapping.MapForeign(peer.SystemDescriptor, SystemWindowBytes, writable: false);
            if (arena is { } arenaStart && system is { } systemStart)
                return new Window(peer, arenaStart, systemStart);
            if (arena is { } mapped)
                HostMapping.Unmap(mapped, peer.ArenaBytes);
            if (system is { } alone)
                HostMapping.Unmap(alone, SystemWindowBytes);
            return null;
        }

        internal bool Contains(ulong inWindow) => inWindow < _arenaBytes
            || (inWindow >= SystemLayout.PeerSystemWindow && inWindow - SystemLayout.PeerSystemWindow < SystemWindowBytes);

        internal HostAddress HostOf(ulong inWindow) =>
            inWindow < SystemLayout.PeerSystemWindow ? _arena + inWindow : _system + (inWindow - SystemLayout.PeerSystemWindow);

        internal void Unmap()
        {
            HostMapping.Unmap(_arena, _arenaBytes);
            HostMapping.Unmap(_system, SystemWindowBytes);
        }
    }
}
