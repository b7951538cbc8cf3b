namespace FilterProxy.Host.Commands;

/// <summary>A column of a table.</summary>
/// <param name="Name">What stands above it.</param>
internal readonly record struct Column(string Name)
{
    // What a text that may be broken is given at the least.
    private const int Least = 16;

    /// <summary>Whether its cells stand at its right, and are never cut.</summary>
    public bool IsNumber { get; init; }

    /// <summary>Whether it is a text that may be broken into lines.</summary>
    public bool IsText { get; init; }

    /// <summary>Where there is no room for all columns the one of the highest rank is left out first; those of rank 0 stay.</summary>
    public int Rank { get; init; }

    public static implicit operator Column(string name) => new(name);

    public static Column Number(string name, int rank = 0) => new(name) { IsNumber = true, Rank = rank };

    /// <summary>Those of some columns there is room for.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="rows">What is in them.</param>
    /// <param name="width">The room there is.</param>
    /// <param name="between">The room that each column takes besides its cells.</param>
    public static IReadOnlyList<int> Fitting(Column[] columns, IReadOnlyList<string[]> rows, int width, int between)
    {
        var widths = columns.Select((column, i) => rows.Select(row => row[i].Length).Append(column.Name.Length).Max()).ToArray();
        var fitting = Enumerable.Range(0, columns.Length).ToList();
        while (fitting.Sum(i => between + (columns[i].IsText ? Math.Min(Least, widths[i]) : widths[i])) > width
            && fitting.MaxBy(i => columns[i].Rank) is var last && columns[last].Rank > 0)
        {
            fitting.Remove(last);
        }

        return fitting;
    }
}
