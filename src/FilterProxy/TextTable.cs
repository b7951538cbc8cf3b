namespace FilterProxy.Host;

/// <summary>A table in plain text, as wide as what is in it. A cell may have several lines.</summary>
internal sealed class TextTable(params string[] columns)
{
    private readonly List<string[][]> _rows = [];

    public bool IsEmpty => _rows.Count == 0;

    public void Add(params string[] cells) => _rows.Add([.. cells.Select(cell => cell.Split('\n'))]);

    public void Write(TextWriter writer)
    {
        var widths = columns.Select((column, i) => _rows.SelectMany(row => row[i]).Append(column).Max(line => line.Length)).ToArray();
        WriteLine(writer, columns, widths);
        WriteLine(writer, [.. widths.Select(width => new string('-', width))], widths);
        foreach (var row in _rows)
        {
            for (var line = 0; line < row.Max(cell => cell.Length); line++)
            {
                WriteLine(writer, [.. row.Select(cell => line < cell.Length ? cell[line] : "")], widths);
            }
        }
    }

    private static void WriteLine(TextWriter writer, string[] cells, int[] widths)
    {
        var line = string.Join("   ", cells.Select((cell, i) => cell.PadRight(widths[i])));
        writer.WriteLine("  " + line.TrimEnd());
    }
}
