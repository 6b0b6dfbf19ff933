using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;

namespace Weft.Linux.Signals;

/// <summary>
/// The vector state in a signal frame: a standard-format XSAVE area that describes itself in the bytes which FXSAVE
/// leaves to software. Source: linux/arch/x86/include/uapi/asm/sigcontext.h (_fpx_sw_bytes), Intel SDM volume 1, 13.4.
/// </summary>
/// <param name="features">XCR0: the state components that the program can use.</param>
internal sealed class VectorStateLayout(ulong features)
{
    private const int LegacyBytes = 512, HeaderBytes = 64, SoftwareOffset = 464, SoftwareBytes = 48;
    private const int ControlWordOffset = 0, MxcsrOffset = 24, X87RegistersOffset = 32, XmmOffset = 160, XmmEnd = 416;
    private const int PresentOffset = LegacyBytes, CompactionOffset = LegacyBytes + 8;
    private const uint Magic1 = 0x46505853, Magic2 = 0x46505845, InitialMxcsr = 0x1f80;
    private const ushort InitialControlWord = 0x37f;
    private const ulong X87 = 1, Sse = 2, Avx = 4;
    private const int MagicBytes = sizeof(uint);

    /// <summary>Length of the XSAVE area.</summary>
    internal int AreaBytes { get; } = SizeOf(features);

    /// <summary>Length in a frame: the area and its second magic word.</summary>
    internal int FrameBytes => AreaBytes + MagicBytes;

    /// <summary>Makes a frame's copy of the vCPU's state: <see cref="FrameBytes"/> long.</summary>
    internal void Describe(ReadOnlySpan<byte> state, Span<byte> inFrame)
    {
        state[..AreaBytes].CopyTo(inFrame);
        Span<byte> software = inFrame.Slice(SoftwareOffset, SoftwareBytes);
        software.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(software, Magic1);
        BinaryPrimitives.WriteUInt32LittleEndian(software[4..], (uint)FrameBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(software[8..], features);
        BinaryPrimitives.WriteUInt32LittleEndian(software[16..], (uint)AreaBytes);
        // As Linux does for old programs: x87 and SSE always count as present.
        ulong present = BinaryPrimitives.ReadUInt64LittleEndian(inFrame[PresentOffset..]);
        BinaryPrimitives.WriteUInt64LittleEndian(inFrame[PresentOffset..], present | X87 | Sse);
        BinaryPrimitives.WriteUInt32LittleEndian(inFrame[AreaBytes..], Magic2);
    }

    /// <summary>
    /// How many bytes of a frame's state count, by its first 512 bytes: <see cref="FrameBytes"/>, or 512 when it
    /// doesn't describe itself as extended.
    /// </summary>
    internal int BytesToRead(ReadOnlySpan<byte> legacy)
    {
        ReadOnlySpan<byte> software = legacy[SoftwareOffset..];
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(software[16..]);
        bool extended = BinaryPrimitives.ReadUInt32LittleEndian(software) == Magic1
            && size >= LegacyBytes + HeaderBytes && size <= AreaBytes
            && size <= BinaryPrimitives.ReadUInt32LittleEndian(software[4..]);
        return extended ? FrameBytes : LegacyBytes;
    }

    /// <summary>Makes loadable state of what a program left in a frame. False when the processor would fault on it.</summary>
    /// <param name="inFrame">The bytes that <see cref="BytesToRead"/> asks for.</param>
    /// <param name="state">The result, as long as the vCPU's state.</param>
    internal bool TryRestore(ReadOnlySpan<byte> inFrame, Span<byte> state)
    {
        state.Clear();
        ulong wanted = X87 | Sse, present = X87 | Sse;
        int length = LegacyBytes;
        if (inFrame.Length == FrameBytes && BinaryPrimitives.ReadUInt32LittleEndian(inFrame[AreaBytes..]) == Magic2)
        {
            wanted = BinaryPrimitives.ReadUInt64LittleEndian(inFrame[(SoftwareOffset + 8)..]) & features;
            present = BinaryPrimitives.ReadUInt64LittleEndian(inFrame[PresentOffset..]);
            if ((present & ~features) != 0 || inFrame.Slice(CompactionOffset, HeaderBytes - 8).ContainsAnyExcept((byte)0))
                return false;
            present &= wanted;
            length = AreaBytes;
        }
        inFrame[..length].CopyTo(state);
        state.Slice(SoftwareOffset, SoftwareBytes).Clear();
        state.Slice(PresentOffset, HeaderBytes).Clear();
        if ((present & X87) == 0)
            InitialiseX87(state);
        if ((present & Sse) == 0)
            state[XmmOffset..XmmEnd].Clear();
        if ((wanted & (Sse | Avx)) == 0)
            BinaryPrimitives.WriteUInt32LittleEndian(state[MxcsrOffset..], InitialMxcsr);
        BinaryPrimitives.WriteUInt64LittleEndian(state[PresentOffset..], present | X87 | Sse);
        return true;
    }

    /// <summary>Makes the state that a handler starts with, and that a null pointer in a frame means.</summary>
    internal static void Initialise(Span<byte> state)
    {
        state.Clear();
        InitialiseX87(state);
        BinaryPrimitives.WriteUInt32LittleEndian(state[MxcsrOffset..], InitialMxcsr);
        BinaryPrimitives.WriteUInt64LittleEndian(state[PresentOffset..], X87 | Sse);
    }

    private static void InitialiseX87(Span<byte> state)
    {
        state[..MxcsrOffset].Clear();
        state[X87RegistersOffset..XmmOffset].Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(state[ControlWordOffset..], InitialControlWord);
    }

    private static int SizeOf(ulong features)
    {
        const int extendedStateLeaf = 13, firstExtended = 2, highest = 62;
        int size = LegacyBytes + HeaderBytes;
        for (int component = firstExtended; component <= highest; component++)
            if ((features >> component & 1) != 0)
            {
                (int bytes, int offset, _, _) = X86Base.CpuId(extendedStateLeaf, component);
                size = Math.Max(size, offset + bytes);
            }
        return size;
    }
}
