using System.Text;

namespace Weft.Cli;

/// <summary>
/// Tells Weft's options from the program's command. Everything from the first word on that is no option of Weft
/// belongs to the program, as with env(1) or `docker run`; "--" ends Weft's options too.
/// </summary>
/// <remarks>
/// By hand, for the start-up time (a general parser's construction costs more than the rest of the start) and because words
/// are bytes. A value that may be left out (--trace, --stats) follows its option as a word of its own only
/// where "--" ends the options; else it is given with "=", so that `weft run --trace ls` runs ls.
/// </remarks>
public static class RunLineParser
{
    /// <summary>Parses the words behind `run`.</summary>
    /// <exception cref="UsageException">An option is unknown or lacks its value, or there is no program.</exception>
    public static RunLine Parse(IReadOnlyList<byte[]> words)
    {
        bool separated = TryParse(words, true, out RunLine? line, out _);
        if (!separated && !TryParse(words, false, out line, out string error))
            throw new UsageException(error);
        if (!line!.AsksForHelp && line.Command.Count == 0)
            throw new UsageException("no program is named; say which, as in 'weft run -- ls -l'");
        if (!line.AsksForHelp && line.Command[0].Length == 0)
            throw new UsageException("the program's name is empty");
        return line;
    }

    /// <summary>One reading of the words: with separate optional values it fails where "--" doesn't end the options.</summary>
    private static bool TryParse(IReadOnlyList<byte[]> words, bool separateOptionalValues, out RunLine? line, out string error)
    {
        List<GivenOption> options = [];
        line = null;
        error = "";
        bool help = false;
        int index = 0;
        for (; index < words.Count; index++)
        {
            ReadOnlySpan<byte> word = words[index];
            if (word.SequenceEqual("--"u8))
            {
                line = new RunLine(options, [.. words.Skip(index + 1)], help);
                return true;
            }
            if (word.Length < 2 || word[0] != '-')
                break;
            if (word.SequenceEqual("--help"u8) || word.SequenceEqual("-h"u8))
            {
                help = true;
                continue;
            }
            if (!TryTakeOption(words, ref index, separateOptionalValues, options, out error))
                return false;
        }
        if (separateOptionalValues)
            return false;
        line = new RunLine(options, [.. words.Skip(index)], help);
        return true;
    }

    private static bool TryTakeOption(
        IReadOnlyList<byte[]> words, ref int index, bool separateOptionalValues, List<GivenOption> options, out string error)
    {
        byte[] word = words[index];
        int equals = Array.IndexOf(word, (byte)'=');
        string name = Encoding.UTF8.GetString(equals < 0 ? word : word.AsSpan(0, equals));
        error = "";
        if (RunOptionTable.Find(name) is not { } option)
        {
            error = $"unknown option '{name}'{Suggestion(name)}; see 'weft run --help'";
            return false;
        }
        byte[]? value = equals < 0 ? null : word[(equals + 1)..];
        if (option.Value is null && value is not null)
        {
            error = $"{option.Name} takes no value; leave out '={Encoding.UTF8.GetString(value)}'";
            return false;
        }
        bool wantsNext = option.Value is not null && value is null;
        if (wantsNext && option.ValueIsOptional)
            wantsNext = separateOptionalValues && index + 1 < words.Count && words[index + 1] is [not (byte)'-', ..];
        if (wantsNext)
        {
            if (index + 1 >= words.Count || words[index + 1].AsSpan().SequenceEqual("--"u8))
            {
                error = $"{option.Name} needs a value: {option.Name} {option.Value}";
                return false;
            }
            value = words[++index];
        }
        options.Add(new GivenOption(option, value));
        return true;
    }

    private static string Suggestion(string name)
    {
        const int longestName = 20, mostChanges = 2;
        foreach (RunOption option in RunOptionTable.All)
            if (name.Length is > 3 and < longestName
                && (option.Name.StartsWith(name, StringComparison.Ordinal) || Spelling.Distance(option.Name, name) <= mostChanges))
                return $", did you mean '{option.Name}'?";
        return "";
    }
}
