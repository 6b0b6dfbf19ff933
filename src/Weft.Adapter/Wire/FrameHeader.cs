using System.Runtime.InteropServices;

namespace Weft.Adapter.Wire;

/// <summary>
/// What every frame begins with, in the host's byte order: both ends are processes of one host. Behind it come a
/// structure of the contract and memory extents, as the verb wants them.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FrameHeader
{
    /// <summary>Bytes of this structure.</summary>
    internal const int Bytes = 48;

    /// <summary>Bytes behind the header.</summary>
    internal uint LengthBytes;

    /// <summary>What is asked or answered.</summary>
    internal WireVerb Verb;

    /// <summary>The context's number, 0 where there is none.</summary>
    internal uint Context;

    /// <summary>Chosen by the asker, repeated in the answer.</summary>
    internal uint Sequence;

    /// <summary>In answers: an errno, 0 for success.</summary>
    internal int Result;

    /// <summary>Descriptors that travel with the frame's first byte.</summary>
    internal uint DescriptorCount;

    /// <summary>First plain argument or result.</summary>
    internal ulong First;

    /// <summary>Second plain argument or result.</summary>
    internal ulong Second;

    /// <summary>Third plain argument or result.</summary>
    internal ulong Third;
}
