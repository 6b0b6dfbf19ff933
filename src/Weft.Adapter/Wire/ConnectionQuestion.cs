using System.Runtime.InteropServices;
using Weft.Adapter.Control;

namespace Weft.Adapter.Wire;

/// <summary>The body of <see cref="WireVerb.ConnectionConnect"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ConnectionQuestion
{
    internal ServiceAddress Source;
    internal ServiceAddress Destination;
    internal ConnectionParameters Parameters;
}
