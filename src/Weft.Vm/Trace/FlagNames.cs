using System.Globalization;
using System.Text;

namespace Weft.Vm.Trace;

/// <summary>Names of a word's values or bits, as the C headers have them.</summary>
/// <param name="valueMask">The bits that hold one value of several; the rest are flags.</param>
/// <param name="names">Value or bit, and name. Values of the mask first; an entry of 0 is printed when no other fits.</param>
public sealed class FlagNames(ulong valueMask, params (ulong Bits, string Name)[] names)
{
    /// <summary>Writes the names joined by "|", and what has no name in hex.</summary>
    public void Append(StringBuilder text, ulong word)
    {
        int start = text.Length;
        ulong value = word & valueMask, rest = word & ~valueMask;
        bool valueNamed = valueMask == 0;
        foreach ((ulong bits, string name) in names)
        {
            bool isValue = valueMask != 0 && (bits & ~valueMask) == 0;
            if (isValue ? !valueNamed && bits == value : bits != 0 && (rest & bits) == bits)
            {
                AppendPart(text, start, name);
                valueNamed |= isValue;
                if (!isValue)
                    rest &= ~bits;
            }
        }
        ulong unnamed = rest | (valueNamed ? 0 : value);
        if (unnamed != 0)
            AppendPart(text, start, "0x" + unnamed.ToString("x", CultureInfo.InvariantCulture));
        if (text.Length == start)
            text.Append(ZeroName());
    }

    private string ZeroName()
    {
        foreach ((ulong bits, string name) in names)
            if (bits == 0)
                return name;
        return "0";
    }

    private static void AppendPart(StringBuilder text, int start, string part)
    {
        if (text.Length > start)
            text.Append('|');
        text.Append(part);
    }
}
