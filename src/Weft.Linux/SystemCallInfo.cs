namespace Weft.Linux;

/// <summary>One row of the support matrix.</summary>
/// <param name="Number">The call's number.</param>
/// <param name="Support">How much of it works.</param>
/// <param name="Ways">The ways besides an exit.</param>
/// <param name="ArgumentCount">How many argument registers it reads.</param>
/// <param name="Missing">What is missing or why it is refused; empty when nothing.</param>
public sealed record SystemCallInfo(int Number, SupportState Support, CallWays Ways, int ArgumentCount, string Missing);
