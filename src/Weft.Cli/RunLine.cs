namespace Weft.Cli;

/// <summary>The words behind `weft run`, told apart.</summary>
/// <param name="Options">The options in their order.</param>
/// <param name="Command">PROGRAM and its arguments, as raw bytes.</param>
/// <param name="AsksForHelp">--help stands among the options.</param>
public sealed record RunLine(IReadOnlyList<GivenOption> Options, IReadOnlyList<byte[]> Command, bool AsksForHelp);
