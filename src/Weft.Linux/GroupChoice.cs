namespace Weft.Linux;

/// <summary>The group of VMs that may share memory with each other.</summary>
/// <param name="Name">Letters, digits and _.- only.</param>
/// <param name="Source">Where the name came from: "--group", "WEFT_GROUP", or the launcher's name.</param>
public sealed record GroupChoice(string Name, string Source);
