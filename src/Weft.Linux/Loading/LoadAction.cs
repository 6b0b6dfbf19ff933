namespace Weft.Linux.Loading;

/// <summary>One step of a <see cref="LoadPlan"/>. Lies within the plan's span and is never empty.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Address">Where, with the load bias; page-aligned for the two kinds that map.</param>
/// <param name="Length">Bytes; whole pages for the two kinds that map. A <see cref="LoadActionKind.Zero"/> stays within one page.</param>
/// <param name="Protection">Access to the pages; for <see cref="LoadActionKind.Zero"/> that of the page it lies in.</param>
/// <param name="FileOffset">
/// For <see cref="LoadActionKind.MapFile"/>: page-aligned, and the file holds at least one byte of every page mapped. Else zero.
/// </param>
public readonly record struct LoadAction(
    LoadActionKind Kind, ulong Address, ulong Length, SegmentProtection Protection, ulong FileOffset);
