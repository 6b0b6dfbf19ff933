namespace Weft.Fabric.Links;

/// <summary>Why a connection must be closed.</summary>
public enum LinkFault
{
    /// <summary>It need not be.</summary>
    None,

    /// <summary>The peer speaks another version or has other limits; the cluster's daemons must be of one version.</summary>
    Foreign,

    /// <summary>What came is not what a peer sends. The session is over.</summary>
    Protocol,

    /// <summary>Nothing came for too long.</summary>
    Silent,
}
