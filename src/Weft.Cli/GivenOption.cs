namespace Weft.Cli;

/// <summary>An option as it stands on a command line.</summary>
/// <param name="Option">Which.</param>
/// <param name="Value">Its value's bytes; null when left out.</param>
public readonly record struct GivenOption(RunOption Option, byte[]? Value);
