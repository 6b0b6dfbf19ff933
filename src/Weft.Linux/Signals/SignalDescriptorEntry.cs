using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Weft.Linux.Signals;

/// <summary>struct signalfd_siginfo of a siginfo. Source: linux/include/uapi/linux/signalfd.h, linux/fs/signalfd.c, siginfo_layout in linux/kernel/signal.c.</summary>
internal static class SignalDescriptorEntry
{
    private const int PidAt = 12, UidAt = 16, FdAt = 20, TidAt = 24, BandAt = 28, OverrunAt = 32, StatusAt = 40, IntAt = 44,
        PtrAt = 48, UtimeAt = 56, StimeAt = 64, AddrAt = 72, AddrLsbAt = 80, CallAt = 84, CallAddressAt = 88, ArchitectureAt = 96;

    // Highest si_code of a kind, and BUS_MCEERR_AR, BUS_MCEERR_AO: memory that the hardware lost.
    private const int ByDescriptor = -5, MostIll = 11, MostFpe = 15, MostSegv = 10, MostBus = 5, MostTrap = 6, MostChild = 6, MostSys = 2,
        LostMemoryNow = 4, LostMemory = 5;

    /// <summary>Fills the 128 bytes.</summary>
    internal static void Fill(in SignalInfo info, Span<byte> entry)
    {
        entry.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(entry, info.Number);
        BinaryPrimitives.WriteInt32LittleEndian(entry[4..], info.Error);
        BinaryPrimitives.WriteInt32LittleEndian(entry[8..], info.Code);
        ReadOnlySpan<byte> union = MemoryMarshal.AsBytes(new ReadOnlySpan<SignalInfo>(in info))[16..];
        switch (info.Code)
        {
            case SignalCode.Timer:
                union[..4].CopyTo(entry[TidAt..]);
                union.Slice(4, 4).CopyTo(entry[OverrunAt..]);
                CopyValue(union, entry);
                break;
            case ByDescriptor:
                CopyDescriptor(union, entry);
                break;
            case > 0 and < SignalCode.Kernel:
                FillFromKernel(info, union, entry);
                break;
            default:
                CopySender(union, entry);
                if (info.Code < 0)
                    CopyValue(union, entry);
                break;
        }
    }

    private static void CopySender(ReadOnlySpan<byte> union, Span<byte> entry)
    {
        union[..4].CopyTo(entry[PidAt..]);
        union.Slice(4, 4).CopyTo(entry[UidAt..]);
    }

    private static void CopyValue(ReadOnlySpan<byte> union, Span<byte> entry)
    {
        union.Slice(8, 4).CopyTo(entry[IntAt..]);
        union.Slice(8, 8).CopyTo(entry[PtrAt..]);
    }

    private static void CopyDescriptor(ReadOnlySpan<byte> union, Span<byte> entry)
    {
        union[..4].CopyTo(entry[BandAt..]);
        union.Slice(8, 4).CopyTo(entry[FdAt..]);
    }

    private static void FillFromKernel(in SignalInfo info, ReadOnlySpan<byte> union, Span<byte> entry)
    {
        switch (info.Number)
        {
            case SignalNumber.SIGILL when info.Code <= MostIll:
            case SignalNumber.SIGFPE when info.Code <= MostFpe:
            case SignalNumber.SIGSEGV when info.Code <= MostSegv:
            case SignalNumber.SIGBUS when info.Code <= MostBus:
            case SignalNumber.SIGTRAP when info.Code <= MostTrap:
                union[..8].CopyTo(entry[AddrAt..]);
                if (info.Number == SignalNumber.SIGBUS && info.Code is LostMemoryNow or LostMemory)
                    union.Slice(8, 2).CopyTo(entry[AddrLsbAt..]);
                break;
            case SignalNumber.SIGCHLD when info.Code <= MostChild:
                CopySender(union, entry);
                union.Slice(8, 4).CopyTo(entry[StatusAt..]);
                union.Slice(16, 8).CopyTo(entry[UtimeAt..]);
                union.Slice(24, 8).CopyTo(entry[StimeAt..]);
                break;
            case SignalNumber.SIGSYS when info.Code <= MostSys:
                union[..8].CopyTo(entry[CallAddressAt..]);
                union.Slice(8, 4).CopyTo(entry[CallAt..]);
                union.Slice(12, 4).CopyTo(entry[ArchitectureAt..]);
                break;
            default:
                if (info.Code <= SignalCode.LastPoll)
                    CopyDescriptor(union, entry);
                else
                    CopySender(union, entry);
                break;
        }
    }
}
