using System.Text;

namespace Weft.Linux.Proc;

/// <summary>Sets of processors as the kernel writes them. Source: linux/lib/bitmap-str.c.</summary>
internal static class ProcessorNumbers
{
    private const int BitsAWord = 32;

    /// <summary>"0-3", or "0" for one, of processors 0 to <paramref name="count"/> - 1.</summary>
    internal static string List(int count) => count == 1 ? "0" : $"0-{count - 1}";

    /// <summary>The bits of processors 0 to <paramref name="count"/> - 1 as "%*pb" prints them.</summary>
    internal static string Mask(int count) => Mask(count, _ => true);

    /// <summary>The bits of one processor, in the width of <paramref name="count"/> processors.</summary>
    internal static string MaskOfOne(int processor, int count) => Mask(count, index => index == processor);

    private static string Mask(int count, Func<int, bool> contains)
    {
        StringBuilder text = new();
        int words = (count + BitsAWord - 1) / BitsAWord;
        for (int word = words - 1; word >= 0; word--)
        {
            int bits = Math.Min(BitsAWord, count - word * BitsAWord);
            uint value = 0;
            for (int bit = 0; bit < bits; bit++)
                if (contains(word * BitsAWord + bit))
                    value |= 1u << bit;
            text.Append(value.ToString($"x{(bits + 3) / 4}"));
            if (word > 0)
                text.Append(',');
        }
        return text.ToString();
    }

    /// <summary>A mask of 64 processors a word as "%*pb" prints it, in the width of <paramref name="count"/> processors.</summary>
    internal static string Mask(int count, ulong[] words) => Mask(count, index => Contains(words, index));

    /// <summary>A mask of 64 processors a word as a list: "0,2-3".</summary>
    internal static string List(int count, ulong[] words)
    {
        StringBuilder text = new();
        for (int first = 0; first < count; first++)
        {
            if (!Contains(words, first))
                continue;
            int last = first;
            while (last + 1 < count && Contains(words, last + 1))
                last++;
            text.Append(text.Length > 0 ? "," : "").Append(first == last ? $"{first}" : $"{first}-{last}");
            first = last;
        }
        return text.ToString();
    }

    private static bool Contains(ulong[] words, int index)
    {
        const int bitsAWord = 64;
        return index / bitsAWord < words.Length && (words[index / bitsAWord] >> index % bitsAWord & 1) != 0;
    }

    /// <summary>The numbers of a list such as "0-3,8"; empty for what is no list.</summary>
    internal static List<int> Parse(string list)
    {
        List<int> numbers = [];
        foreach (string range in list.Trim().Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int dash = range.IndexOf('-');
            if (!int.TryParse(dash < 0 ? range : range[..dash], out int first) || !int.TryParse(range[(dash + 1)..], out int last))
                return [];
            for (int number = first; number <= last; number++)
                numbers.Add(number);
        }
        return numbers;
    }
}
