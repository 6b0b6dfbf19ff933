namespace Weft.Linux.Files;

/// <summary>What a walk looks for.</summary>
internal enum PathGoal
{
    /// <summary>The object at the path, through a link at its end.</summary>
    Object,

    /// <summary>The object at the path, or the link itself.</summary>
    ObjectOrLink,

    /// <summary>The directory that holds, or would hold, the last component.</summary>
    Parent,
}
