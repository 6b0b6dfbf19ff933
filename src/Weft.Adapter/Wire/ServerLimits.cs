namespace Weft.Adapter.Wire;

/// <summary>What one VM may ask of the daemon.</summary>
/// <param name="CallsPerSecond">Control calls in the long run; each some hundred extents count as one more.</param>
/// <param name="CallBurst">Control calls at once.</param>
/// <param name="MostContexts">Contexts open at a time.</param>
/// <param name="ProcessorShare">Of a core, in the long run: calls that take long are dear, whatever their number.</param>
/// <param name="ProcessorBurstNs">Processor time at once.</param>
public sealed record ServerLimits(
    double CallsPerSecond = 20_000, double CallBurst = 20_000, int MostContexts = 1024, double ProcessorShare = 0.2, double ProcessorBurstNs = 500e6);
