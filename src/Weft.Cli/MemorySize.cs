using System.Globalization;

namespace Weft.Cli;

/// <summary>
/// Sizes as people write them: a number, with decimals if wanted, and a unit. K, M, G and T (also KiB…) count
/// by 1024, KB… by 1000; no unit means bytes.
/// </summary>
public static class MemorySize
{
    private const string Form = "give a number with K, M, G or T, such as 512M or 1.5G";

    /// <summary>The bytes. False, with a clause that says why, when the text is no size.</summary>
    public static bool TryParse(string text, out ulong bytes, out string error)
    {
        bytes = 0;
        int digits = text.AsSpan().IndexOfAnyExcept("0123456789.");
        string number = digits < 0 ? text : text[..digits];
        string unit = digits < 0 ? "" : text[digits..];
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value))
        {
            error = $"'{text}' is not a size; {Form}";
            return false;
        }
        if (Factor(unit) is not { } factor)
        {
            error = $"'{unit}' is not a unit of size; {Form}";
            return false;
        }
        if (value > ulong.MaxValue / factor)
        {
            error = $"'{text}' is more than a 64-bit machine can address";
            return false;
        }
        bytes = (ulong)(value * factor);
        error = "";
        return true;
    }

    /// <summary>The shortest exact text, which <see cref="TryParse"/> reads back.</summary>
    public static string Format(ulong bytes)
    {
        const string units = "KMGT";
        int unit = 0;
        while (unit < units.Length && bytes != 0 && bytes % 1024 == 0)
        {
            bytes /= 1024;
            unit++;
        }
        string number = bytes.ToString(CultureInfo.InvariantCulture);
        return unit == 0 ? number : number + units[unit - 1];
    }

    private static decimal? Factor(string unit)
    {
        if (unit.Length == 0 || unit is "B" or "b")
            return 1;
        int power = "kmgt".IndexOf(char.ToLowerInvariant(unit[0]));
        if (power < 0)
            return null;
        decimal? step = unit[1..] switch
        {
            "" or "iB" or "ib" or "i" => 1024,
            "B" or "b" => 1000,
            _ => null,
        };
        if (step is not { } one)
            return null;
        decimal factor = one;
        for (int index = 0; index < power; index++)
            factor *= one;
        return factor;
    }
}
