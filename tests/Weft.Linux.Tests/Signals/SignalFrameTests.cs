using System.Globalization;
using System.Runtime.InteropServices;
using Weft.Kvm;
using Weft.Linux.Signals;
using Weft.Linux.Tests.Loading;

namespace Weft.Linux.Tests.Signals;

public sealed class SignalFrameTests
{
    private const ulong VectorBytes = 2700;

    /// <summary>The kernel's struct rt_sigframe in front of C's own ucontext and siginfo.</summary>
    private const string OffsetsProgram = """
        #define _GNU_SOURCE
        #include <signal.h>
        #include <stddef.h>
        #include <stdio.h>
        #include <sys/signalfd.h>
        #include <ucontext.h>
        struct kernel_ucontext { unsigned long uc_flags; void *uc_link; stack_t uc_stack; mcontext_t uc_mcontext; unsigned long uc_sigmask; };
        struct frame { void *restorer; struct kernel_ucontext uc; siginfo_t info; };
        #define G(name, reg) printf(name " %zu\n", offsetof(struct frame, uc.uc_mcontext.gregs) + 8 * (reg))
        #define F(name, member) printf(name " %zu\n", offsetof(struct frame, member))
        int main(void)
        {
            F("Flags", uc.uc_flags); F("Link", uc.uc_link); F("Stack", uc.uc_stack); F("VectorState", uc.uc_mcontext.fpregs);
            F("Mask", uc.uc_sigmask); F("Info", info);
            G("R8", REG_R8); G("R9", REG_R9); G("R10", REG_R10); G("R11", REG_R11); G("R12", REG_R12); G("R13", REG_R13);
            G("R14", REG_R14); G("R15", REG_R15); G("Rdi", REG_RDI); G("Rsi", REG_RSI); G("Rbp", REG_RBP); G("Rbx", REG_RBX);
            G("Rdx", REG_RDX); G("Rax", REG_RAX); G("Rcx", REG_RCX); G("Rsp", REG_RSP); G("Rip", REG_RIP); G("Rflags", REG_EFL);
            G("Cs", REG_CSGSFS); G("ErrorCode", REG_ERR); G("TrapNumber", REG_TRAPNO); G("OldMask", REG_OLDMASK); G("Cr2", REG_CR2);
            printf("Bytes %zu\n", sizeof(struct frame));
            return 0;
        }
        """;

    [RequiresToolsFact("gcc")]
    public void Every_field_lies_where_C_has_it()
    {
        foreach ((string name, int offset) in CompileAndRun(OffsetsProgram))
            if (name == "Bytes")
                Assert.Equal((offset, offset), (SignalFrame.Bytes, Marshal.SizeOf<SignalFrame>()));
            else
                Assert.True(offset == (int)Marshal.OffsetOf<SignalFrame>(name), $"{name} is at {Marshal.OffsetOf<SignalFrame>(name)}, not {offset}");
        Assert.Equal((int)SignalFrame.InfoOffset, (int)Marshal.OffsetOf<SignalFrame>("Info"));
        Assert.Equal((int)SignalFrame.ContextOffset, (int)Marshal.OffsetOf<SignalFrame>("Flags"));
    }

    [Fact]
    public void A_frame_leaves_the_red_zone_and_is_aligned_as_at_a_function_entry()
    {
        for (ulong stackPointer = 0x7fff_0000_0000; stackPointer < 0x7fff_0000_0080; stackPointer++)
        {
            Assert.True(SignalFrame.TryPlace(stackPointer, false, AlternateStack.None, VectorBytes, out ulong frame, out ulong vector));
            Assert.Equal((8UL, 0UL), (frame % 16, vector % 64));
            Assert.True(vector + VectorBytes <= stackPointer - 128);
            Assert.InRange(vector - frame, (ulong)SignalFrame.Bytes, (ulong)SignalFrame.Bytes + 80);
        }
    }

    [Fact]
    public void A_handler_that_asks_for_it_starts_at_the_alternate_stacks_top()
    {
        AlternateStack stack = new() { Base = 0x10000, Size = 0x4000 };
        Assert.True(SignalFrame.TryPlace(0x7fff_0000_0000, true, stack, VectorBytes, out ulong frame, out _));
        Assert.InRange(frame, 0x13000UL, 0x14000UL);
        Assert.True(SignalFrame.TryPlace(frame, true, stack, VectorBytes, out ulong nested, out _));
        Assert.InRange(nested, 0x12000UL, frame - 128);
    }

    [Fact]
    public void A_frame_that_would_leave_the_alternate_stack_is_refused()
    {
        AlternateStack small = new() { Base = 0x10000, Size = 0x800 };
        Assert.False(SignalFrame.TryPlace(0x7fff_0000_0000, true, small, VectorBytes, out _, out _));
        AlternateStack used = new() { Base = 0x10000, Size = 0x4000 };
        Assert.False(SignalFrame.TryPlace(0x10400, false, used, VectorBytes, out _, out _));
    }

    [Fact]
    public void A_stack_pointer_near_zero_wraps_to_where_nothing_can_be_written()
    {
        SignalFrame.TryPlace(0x10, false, AlternateStack.None, VectorBytes, out ulong frame, out _);
        Assert.True(frame > 1UL << 63);
    }

    [Fact]
    public void Registers_come_back_as_they_were_saved()
    {
        KvmRegisters registers = new();
        Span<ulong> words = MemoryMarshal.Cast<KvmRegisters, ulong>(new Span<KvmRegisters>(ref registers));
        for (int i = 0; i < words.Length; i++)
            words[i] = (ulong)(i + 1) * 0x0101_0101;
        registers.Rflags = 0x246;
        KvmRegisters restored = new() { Rflags = 0x202 };
        SignalFrame frame = default;
        frame.Save(registers);
        frame.Load(ref restored);
        Assert.Equal(registers, restored);
    }

    [Fact]
    public void Flags_that_only_the_kernel_sets_are_not_taken_from_a_frame()
    {
        KvmRegisters registers = new() { Rflags = 0x202 };
        new SignalFrame { Rflags = ulong.MaxValue }.Load(ref registers);
        Assert.Equal(0x50dd5UL | 0x202, registers.Rflags);
    }

    [Theory]
    [InlineData(0x33, 0x2b, 4UL, true)]
    [InlineData(0x30, 0x28, 4UL, true)]
    [InlineData(0x23, 0x2b, 4UL, false)]
    [InlineData(0x10, 0x2b, 4UL, false)]
    [InlineData(0x33, 0, 4UL, false)]
    [InlineData(0x33, 0, 0UL, true)]
    public void Only_segments_of_a_64_bit_program_are_taken(int cs, int ss, ulong flags, bool usable) =>
        Assert.Equal(usable, new SignalFrame { Cs = (ushort)cs, Ss = (ushort)ss, Flags = flags }.HasUsableSegments);

    private static List<(string Name, int Offset)> CompileAndRun(string source)
    {
        string folder = Directory.CreateTempSubdirectory("weft-frame-").FullName;
        try
        {
            string file = Path.Combine(folder, "offsets.c"), program = Path.Combine(folder, "offsets");
            File.WriteAllText(file, source);
            Tools.Text(Tools.Find("gcc")!, "-o", program, file);
            return [.. Tools.Text(program).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' ')).Select(words => (words[0], int.Parse(words[1], CultureInfo.InvariantCulture)))];
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }
}
