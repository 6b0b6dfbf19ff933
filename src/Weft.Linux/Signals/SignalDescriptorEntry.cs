using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Weft.Linux.Signals;

/// <summary>struct signalfd_siginfo of a siginfo. Source: linux/include/uapi/linux/signalfd.h, linux/fs/signalfd.c.</summary>
internal static class SignalDescriptorEntry
{
    private const int PidAt = 12, UidAt = 16, FdAt = 20, TidAt = 24, BandAt = 28, OverrunAt = 32, StatusAt = 40, IntAt = 44,
        PtrAt = 48, UtimeAt = 56, StimeAt = 64, AddrAt = 72;

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
            case > 0 and < SignalCode.Kernel:
                FillFromKernel(info.Number, union, entry);
                break;
            default:
                union[..4].CopyTo(entry[PidAt..]);
                union.Slice(4, 4).CopyTo(entry[UidAt..]);
                if (info.Code < 0)
                    CopyValue(union, entry);
                break;
        }
    }

    private static void CopyValue(ReadOnlySpan<byte> union, Span<byte> entry)
    {
        union.Slice(8, 4).CopyTo(entry[IntAt..]);
        union.Slice(8, 8).CopyTo(entry[PtrAt..]);
    }

    private static void FillFromKernel(int signal, ReadOnlySpan<byte> union, Span<byte> entry)
    {
        switch (signal)
        {
            case SignalNumber.SIGCHLD:
                union[..4].CopyTo(entry[PidAt..]);
                union.Slice(4, 4).CopyTo(entry[UidAt..]);
                union.Slice(8, 4).CopyTo(entry[StatusAt..]);
                union.Slice(16, 8).CopyTo(entry[UtimeAt..]);
                union.Slice(24, 8).CopyTo(entry[StimeAt..]);
                break;
            case SignalNumber.SIGIO or >= SignalNumber.FirstRealTime:
                union[..4].CopyTo(entry[BandAt..]);
                union.Slice(8, 4).CopyTo(entry[FdAt..]);
                break;
            default:
                union[..8].CopyTo(entry[AddrAt..]);
                break;
        }
    }
}
