using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>struct ibv_ah_attr: where a packet goes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PathAddress
{
    /// <summary>Destination GID; looked at when <see cref="IsGlobal"/>.</summary>
    public GlobalAddress Destination;

    /// <summary>Flow label.</summary>
    public uint FlowLabel;

    /// <summary>Destination LID.</summary>
    public ushort Lid;

    /// <summary>Source GID's index.</summary>
    public byte SourceIndex;

    /// <summary>Hop limit.</summary>
    public byte HopLimit;

    /// <summary>Traffic class.</summary>
    public byte TrafficClass;

    /// <summary>Service level.</summary>
    public byte ServiceLevel;

    /// <summary>Source path bits.</summary>
    public byte PathBits;

    /// <summary>Static rate.</summary>
    public byte Rate;

    /// <summary>1: there is a global routing header.</summary>
    public byte IsGlobal;

    /// <summary>The port.</summary>
    public byte Port;

    /// <summary>Not used, 0.</summary>
    public ushort Reserved;
}
