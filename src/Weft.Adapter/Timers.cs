namespace Weft.Adapter;

/// <summary>The specification's timer codes.</summary>
internal static class Timers
{
    // Source: InfiniBand specification, volume 1, table 45, in units of 10 us.
    private static readonly int[] Rnr =
    [
        65536, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192,
        256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 49152,
    ];

    /// <summary>The time that an RNR NAK's code asks the requester to wait.</summary>
    internal static double RnrSeconds(byte code) => Rnr[code & 31] * 1e-5;
}
