namespace Weft.Vm.Daemon;

/// <summary>What the daemon answers when it does not do what it was asked.</summary>
/// <param name="Error">One line.</param>
public sealed record ErrorReport(string Error);
