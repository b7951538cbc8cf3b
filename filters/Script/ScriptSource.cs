using System.Globalization;

namespace FilterProxy.Filters.Script;

/// <summary>The text of a script and what messages call it.</summary>
internal sealed class ScriptSource
{
    // The parser calls itself for what is nested: beyond these, a file could exhaust the stack.
    private const int Longest = 256 * 1024;
    private const int Deepest = 200;

    private readonly string[] _lines;

    /// <exception cref="ScriptException">It is larger than any script.</exception>
    public ScriptSource(string name, string text)
    {
        Name = name;
        Text = text;
        _lines = text.Split('\n');
        if (text.Length > Longest)
        {
            throw new ScriptException(ScriptFault.Syntax, $"{At(1, 1)}: a script may have {Longest} characters, this has {text.Length}");
        }

        CheckNesting();
    }

    public string Name { get; }

    public string Text { get; }

    /// <summary>A place in it.</summary>
    /// <param name="line">From 1.</param>
    /// <param name="column">From 1.</param>
    public string At(int line, int column) => string.Create(CultureInfo.InvariantCulture, $"{Name}:{line}:{column}");

    /// <summary>A line, from 1; empty beyond the end.</summary>
    public string Line(int number) => number >= 1 && number <= _lines.Length ? _lines[number - 1] : "";

    private void CheckNesting()
    {
        var depth = 0;
        for (var line = 0; line < _lines.Length; line++)
        {
            for (var column = 0; column < _lines[line].Length; column++)
            {
                depth += _lines[line][column] switch { '(' or '[' or '{' => 1, ')' or ']' or '}' => -1, _ => 0 };
                if (depth > Deepest)
                {
                    throw new ScriptException(ScriptFault.Syntax, $"{At(line + 1, column + 1)}: brackets are nested deeper than {Deepest}");
                }
            }
        }
    }
}
