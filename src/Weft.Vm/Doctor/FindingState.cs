namespace Weft.Vm.Doctor;

/// <summary>How something that Weft would use is found.</summary>
public enum FindingState
{
    /// <summary>There, as Weft wants it.</summary>
    Good,

    /// <summary>Missing or small; Weft works without it, for less.</summary>
    Limited,

    /// <summary>Missing, and no program can run without it.</summary>
    Blocking,

    /// <summary>Neither good nor bad: for the reader.</summary>
    Information,
}
