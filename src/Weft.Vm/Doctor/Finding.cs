namespace Weft.Vm.Doctor;

/// <summary>One thing that `weft doctor` looked at.</summary>
/// <param name="Id">A stable name for scripts.</param>
/// <param name="State">How it is.</param>
/// <param name="Value">What was found.</param>
/// <param name="Consequence">What Weft does with or without it; empty when all is well.</param>
/// <param name="Remedy">How to get it; empty when there is nothing to do.</param>
public sealed record Finding(string Id, FindingState State, string Value, string Consequence = "", string Remedy = "");
