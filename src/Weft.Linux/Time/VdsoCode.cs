using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Weft.Linux.Time;

/// <summary>
/// The five functions of the vDSO, assembled. They use no stack and only caller-saved registers, so that one unwind
/// rule (CFA = RSP + 8) holds at every instruction; they reach the clock page RIP-relative, so the code runs anywhere.
/// </summary>
/// <remarks>Build-time only: <see cref="VdsoImage.Bytes"/> is what a VM maps.</remarks>
internal sealed class VdsoCode
{
    // Tries while the writer is at work, about 10 µs; then the writer has lost its core, and a system call waits better.
    private const int ReadAttempts = 256;

    // floor(n / 10^9) for any u64 n is ((n >> 9) * this) >> 64 >> 11.
    private const ulong BillionReciprocal = 0x44B82FA09B5A53;

    // Any address far from zero; the code doesn't depend on it.
    private const ulong AssumedImageAddress = 0x1000_0000;

    private readonly Assembler _asm = new(64);

    /// <summary>Name without the prefix, offset in the code and length of each function.</summary>
    public List<(string Name, int Offset, int Length)> Functions { get; } = [];

    /// <summary>Assembles the functions for a place <paramref name="textOffset"/> bytes into the image.</summary>
    /// <exception cref="InvalidOperationException">The code cannot be encoded: a bug here.</exception>
    public byte[] Assemble(int textOffset)
    {
        (string Name, Label Entry)[] entries =
        [
            ("clock_gettime", Function(ClockGetTime)),
            ("gettimeofday", Function(GetTimeOfDay)),
            ("time", Function(Time)),
            ("clock_getres", Function(ClockGetResolution)),
            ("getcpu", Function(GetCpu)),
        ];
        var code = new MemoryStream();
        var start = AssumedImageAddress + (ulong)textOffset;
        var result = _asm.Assemble(new StreamCodeWriter(code), start, BlockEncoderOptions.ReturnNewInstructionOffsets);
        for (var i = 0; i < entries.Length; i++)
        {
            var offset = OffsetOf(entries[i].Entry);
            var end = i + 1 < entries.Length ? OffsetOf(entries[i + 1].Entry) : (int)code.Length;
            Functions.Add((entries[i].Name, offset, end - offset));
        }
        return code.ToArray();

        int OffsetOf(Label label) => (int)(result.GetLabelRIP(label) - start);
    }

    private Label Function(Action emit)
    {
        var entry = _asm.CreateLabel();
        _asm.Label(ref entry);
        emit();
        return entry;
    }

    // int clock_gettime(clockid_t edi, struct timespec *rsi)
    private void ClockGetTime()
    {
        var fallback = _asm.CreateLabel();
        GoIfNotServed(fallback);
        _asm.mov(r9d, edi);
        _asm.shl(r9d, ClockPageLayout.ClockEntryShift);
        ReadNanoseconds(fallback);
        SplitSeconds();
        _asm.mov(__qword_ptr[rsi], rdx);
        Remainder();
        _asm.mov(__qword_ptr[rsi + 8], rcx);
        ReturnZero();
        SystemCall(fallback, 228);
    }

    // int gettimeofday(struct timeval *rdi, struct timezone *rsi). Nobody asks for the zone; the VMM has it.
    private void GetTimeOfDay()
    {
        var fallback = _asm.CreateLabel();
        var nothing = _asm.CreateLabel();
        _asm.test(rsi, rsi);
        _asm.jne(fallback);
        _asm.test(rdi, rdi);
        _asm.je(nothing);
        RealtimeEntry();
        ReadNanoseconds(fallback);
        SplitSeconds();
        _asm.mov(__qword_ptr[rdi], rdx);
        Remainder();
        _asm.imul(rax, rcx, 274877907); // n / 1000 for n < 10^9 is n * this >> 38
        _asm.shr(rax, 38);
        _asm.mov(__qword_ptr[rdi + 8], rax);
        _asm.Label(ref nothing);
        ReturnZero();
        SystemCall(fallback, 96);
    }

    // time_t time(time_t *rdi)
    private void Time()
    {
        var fallback = _asm.CreateLabel();
        var noPointer = _asm.CreateLabel();
        RealtimeEntry();
        ReadNanoseconds(fallback);
        SplitSeconds();
        _asm.test(rdi, rdi);
        _asm.je(noPointer);
        _asm.mov(__qword_ptr[rdi], rdx);
        _asm.Label(ref noPointer);
        _asm.mov(rax, rdx);
        _asm.ret();
        SystemCall(fallback, 201);
    }

    // int clock_getres(clockid_t edi, struct timespec *rsi)
    private void ClockGetResolution()
    {
        var fallback = _asm.CreateLabel();
        var noPointer = _asm.CreateLabel();
        GoIfNotServed(fallback);
        PageAddress();
        _asm.mov(ecx, edi);
        _asm.shl(ecx, ClockPageLayout.ClockEntryShift);
        _asm.mov(rax, __qword_ptr[r8 + rcx + (ClockPageLayout.Clocks + ClockPageLayout.ClockResolutionNs)]);
        _asm.test(rax, rax);
        _asm.je(fallback);
        _asm.test(rsi, rsi);
        _asm.je(noPointer);
        _asm.mov(__qword_ptr[rsi], 0);
        _asm.mov(__qword_ptr[rsi + 8], rax);
        _asm.Label(ref noPointer);
        ReturnZero();
        SystemCall(fallback, 229);
    }

    // int getcpu(unsigned *rdi, unsigned *rsi, void *unused)
    private void GetCpu()
    {
        var fallback = _asm.CreateLabel();
        _asm.rdtscp(); // TSC_AUX: cpu | node<<12
        _asm.mov(r9d, ecx);
        PageAddress();
        _asm.mov(ecx, __dword_ptr[r8 + ClockPageLayout.CpuCount]);
        _asm.test(ecx, ecx);
        _asm.je(fallback);
        _asm.mov(eax, r9d);
        _asm.and(eax, 0xFFF);
        StoreModulo(ecx, rdi);
        _asm.mov(ecx, __dword_ptr[r8 + ClockPageLayout.NodeCount]);
        _asm.mov(eax, r9d);
        _asm.shr(eax, 12);
        StoreModulo(ecx, rsi);
        ReturnZero();
        SystemCall(fallback, 309);
    }

    // *pointer = eax % divisor unless the pointer is null. Division is slow, and the number is mostly in range.
    private void StoreModulo(AssemblerRegister32 divisor, AssemblerRegister64 pointer)
    {
        var inRange = _asm.CreateLabel();
        var skip = _asm.CreateLabel();
        _asm.test(pointer, pointer);
        _asm.je(skip);
        _asm.cmp(eax, divisor);
        _asm.jb(inRange);
        _asm.xor(edx, edx);
        _asm.div(divisor);
        _asm.mov(eax, edx);
        _asm.Label(ref inRange);
        _asm.mov(__dword_ptr[pointer], eax);
        _asm.Label(ref skip);
        _asm.nop();
    }

    // A negative id is a large unsigned one.
    private void GoIfNotServed(Label fallback)
    {
        _asm.cmp(edi, ClockPageLayout.LastClock);
        _asm.ja(fallback);
        _asm.mov(eax, ClockPageLayout.ServedClocks);
        _asm.bt(eax, edi);
        _asm.jae(fallback);
    }

    private void RealtimeEntry() => _asm.mov(r9d, ClockPageLayout.Realtime << ClockPageLayout.ClockEntryShift);

    // r8 := the clock page. Iced takes the target's address for a RIP-relative operand's displacement.
    private void PageAddress() => _asm.AddInstruction(Instruction.Create(Code.Lea_r64_m, Register.R8,
        new MemoryOperand(Register.RIP, (long)AssumedImageAddress - ClockPageLayout.PageBytes, 8)));

    // rax := nanoseconds of the clock whose entry is r9 bytes into the table. Keeps rsi and rdi.
    private void ReadNanoseconds(Label fallback)
    {
        var retry = _asm.CreateLabel();
        var again = _asm.CreateLabel();
        var done = _asm.CreateLabel();
        PageAddress();
        _asm.mov(r10d, ReadAttempts);
        _asm.add(r9, r8);
        _asm.Label(ref retry);
        _asm.mov(r11d, __dword_ptr[r8 + ClockPageLayout.Sequence]);
        _asm.test(r11d, 1);
        _asm.jne(again);
        _asm.lfence(); // the counter may not be read before the sequence
        _asm.rdtsc();
        _asm.shl(rdx, 32);
        _asm.or(rax, rdx);
        _asm.sub(rax, __qword_ptr[r8 + ClockPageLayout.TscBase]);
        _asm.cmp(rax, __qword_ptr[r8 + ClockPageLayout.ValidForTicks]);
        _asm.ja(fallback); // stale, or before the base; if torn, the detour is only slow
        _asm.mov(ecx, eax);
        _asm.and(ecx, 0); // rcx = 0, but only once the counter is known: the last load may not overtake it
        _asm.mul(__qword_ptr[r9 + (ClockPageLayout.Clocks + ClockPageLayout.ClockMultiplier)]);
        _asm.shrd(rax, rdx, ClockPageLayout.MultiplierShift);
        _asm.add(rax, __qword_ptr[r9 + (ClockPageLayout.Clocks + ClockPageLayout.ClockBaseNs)]);
        _asm.cmp(r11d, __dword_ptr[r8 + rcx + ClockPageLayout.Sequence]);
        _asm.je(done);
        _asm.Label(ref again);
        _asm.pause();
        _asm.dec(r10d);
        _asm.jne(retry);
        _asm.jmp(fallback);
        _asm.Label(ref done);
    }

    // rdx := rax / 10^9, rcx := rax
    private void SplitSeconds()
    {
        _asm.mov(rcx, rax);
        _asm.shr(rax, 9);
        _asm.mov(rdx, BillionReciprocal);
        _asm.mul(rdx);
        _asm.shr(rdx, 11);
    }

    // rcx := rcx - rdx * 10^9
    private void Remainder()
    {
        _asm.imul(rdx, rdx, 1_000_000_000);
        _asm.sub(rcx, rdx);
    }

    private void ReturnZero()
    {
        _asm.xor(eax, eax);
        _asm.ret();
    }

    private void SystemCall(Label entry, int number)
    {
        _asm.Label(ref entry);
        _asm.mov(eax, number);
        _asm.syscall();
        _asm.ret();
    }
}
