using System.Runtime.CompilerServices;

namespace Weft.Adapter.Control;

/// <summary>What two programs tell each other while they connect.</summary>
[InlineArray(MostBytes)]
public struct PrivateData
{
    /// <summary>The most that any message holds.</summary>
    public const int MostBytes = 256;

    private byte _first;
}
