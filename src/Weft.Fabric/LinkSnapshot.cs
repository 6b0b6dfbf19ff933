using Weft.Fabric.Links;

namespace Weft.Fabric;

/// <summary>A link as people see it.</summary>
/// <param name="Number">The peer's number.</param>
/// <param name="Name">The peer's name.</param>
/// <param name="Address">Where its daemon listens.</param>
/// <param name="IsReady">Whether messages move.</param>
/// <param name="Counts">What went over it.</param>
public sealed record LinkSnapshot(ushort Number, string Name, string Address, bool IsReady, LinkCounts Counts);
