using Iced.Intel;
using Weft.Kvm;
using Weft.Machine;

namespace Weft.Linux.Memory;

/// <summary>Finds the address that an instruction could not reach, by decoding it: KVM doesn't tell.</summary>
internal static class MemoryErrorLocator
{
    private const int LongestInstruction = 15;

    /// <summary>The first address that the thread's current instruction uses and whose page cannot be read; null when all can.</summary>
    internal static GuestVirtualAddress? Find(GuestThread thread)
    {
        ulong rip = thread.Registers.Rip;
        Span<byte> code = stackalloc byte[LongestInstruction];
        int length = 0;
        while (length < code.Length && thread.Memory.TryRead(new(rip + (ulong)length), code.Slice(length, 1)))
            length++;
        if (length == 0)
            return new(rip);
        Decoder decoder = Decoder.Create(64, code[..length].ToArray(), rip);
        decoder.Decode(out Instruction instruction);
        InstructionInfoFactory factory = new();
        foreach (UsedMemory memory in factory.GetInfo(instruction).GetUsedMemory())
        {
            if (AddressOf(memory, thread) is not { } start)
                continue;
            ulong size = (ulong)Math.Max(1, memory.MemorySize.GetSize());
            for (ulong at = start; ; at = start + size - 1)
            {
                if (!thread.Memory.TryRead(new(at), out byte _))
                    return new(at == start ? start : at & ~(AddressSpace.PageSize - 1));
                if (at == start + size - 1)
                    break;
            }
        }
        return null;
    }

    private static ulong? AddressOf(in UsedMemory memory, GuestThread thread)
    {
        ulong address = memory.Displacement;
        if (memory.Base != Register.None && memory.Base != Register.RIP)
        {
            if (ValueOf(memory.Base, thread.Registers) is not { } value)
                return null;
            address += value;
        }
        if (memory.Index != Register.None)
        {
            if (ValueOf(memory.Index, thread.Registers) is not { } value)
                return null;
            address += value * (ulong)memory.Scale;
        }
        if (memory.Segment == Register.FS)
            address += thread.Vcpu.FsBase;
        else if (memory.Segment == Register.GS)
            address += thread.Vcpu.GsBase;
        return address;
    }

    private static ulong? ValueOf(Register register, in KvmRegisters r) => register.GetFullRegister() switch
    {
        Register.RAX => r.Rax,
        Register.RBX => r.Rbx,
        Register.RCX => r.Rcx,
        Register.RDX => r.Rdx,
        Register.RSI => r.Rsi,
        Register.RDI => r.Rdi,
        Register.RSP => r.Rsp,
        Register.RBP => r.Rbp,
        Register.R8 => r.R8,
        Register.R9 => r.R9,
        Register.R10 => r.R10,
        Register.R11 => r.R11,
        Register.R12 => r.R12,
        Register.R13 => r.R13,
        Register.R14 => r.R14,
        Register.R15 => r.R15,
        _ => null,
    };
}
