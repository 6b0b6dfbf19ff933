using System.Globalization;

namespace Weft.Cli;

/// <summary>Numbers as people read them.</summary>
public static class Amount
{
    /// <summary>A count or rate: 950, 12.3k, 4.56M.</summary>
    public static string Of(double value) => Scale(value, 1000, ["", "k", "M", "G", "T"]);

    /// <summary>Bytes: 512, 4K, 1.5G, by 1024.</summary>
    public static string OfBytes(double value) => Scale(value, 1024, ["", "K", "M", "G", "T", "P"]);

    private static string Scale(double value, double step, string[] units)
    {
        int unit = 0;
        // What would round to a full step belongs to the next unit.
        for (; Math.Abs(value) >= step - 0.5 && unit < units.Length - 1; unit++)
            value /= step;
        string format = unit == 0 || value >= 100 || value == Math.Floor(value) ? "0" : value >= 10 ? "0.0" : "0.00";
        return value.ToString(format, CultureInfo.InvariantCulture) + units[unit];
    }
}
