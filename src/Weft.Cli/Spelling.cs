namespace Weft.Cli;

/// <summary>Finds what a mistyped word was meant to be.</summary>
public static class Spelling
{
    /// <summary>How many letters must be replaced, added, left out or swapped with their neighbour to get from one word to the other.</summary>
    public static int Distance(string left, string right)
    {
        int[,] steps = new int[left.Length + 1, right.Length + 1];
        for (int row = 0; row <= left.Length; row++)
            for (int column = 0; column <= right.Length; column++)
            {
                if (row == 0 || column == 0)
                {
                    steps[row, column] = row + column;
                    continue;
                }
                int change = left[row - 1] == right[column - 1] ? 0 : 1;
                int best = Math.Min(steps[row - 1, column - 1] + change, Math.Min(steps[row - 1, column], steps[row, column - 1]) + 1);
                if (row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1])
                    best = Math.Min(best, steps[row - 2, column - 2] + 1);
                steps[row, column] = best;
            }
        return steps[left.Length, right.Length];
    }
}
