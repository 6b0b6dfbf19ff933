namespace Weft.Adapter.Wire;

/// <summary>What one VM may ask of the daemon.</summary>
/// <param name="CallsPerSecond">Control calls in the long run; each some hundred extents count as one more.</param>
/// <param name="CallBurst">Control calls at once.</param>
/// <param name="MostContexts">Contexts open at a time.</param>
public sealed record ServerLimits(double CallsPerSecond = 20_000, double CallBurst = 20_000, int MostContexts = 1024);
