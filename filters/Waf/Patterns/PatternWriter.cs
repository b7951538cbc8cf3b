using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>Writes a parsed expression as .NET reads it, over <see cref="ByteAlphabet"/>.</summary>
/// <param name="isRelaxed">
/// Whether atomic groups and possessive quantifiers are written as ones that give back: the expression then matches all it did and perhaps more, and
/// needs no backtracking for them.
/// </param>
internal sealed class PatternWriter(bool isRelaxed)
{
    private static readonly ByteSet[] Sets = [ByteSet.OfShorthand('d')!, ByteSet.OfShorthand('w')!, ByteSet.OfShorthand('s')!];

    private readonly StringBuilder _output = new();
    private bool _needsBacktracking;

    /// <param name="node">What to write.</param>
    /// <param name="isRelaxed">See the type's.</param>
    /// <param name="needsBacktracking">Whether only backtracking can match it: look-around, references, atomic groups that are not relaxed.</param>
    public static string Write(PatternNode node, bool isRelaxed, out bool needsBacktracking)
    {
        var writer = new PatternWriter(isRelaxed);
        writer.Append(node);
        needsBacktracking = writer._needsBacktracking;
        return writer._output.ToString();
    }

    private void Append(PatternNode node)
    {
        switch (node)
        {
            case PatternNode.Literal literal:
                ByteAlphabet.WriteEscaped(_output, literal.Value);
                break;
            case PatternNode.Any:
                _output.Append('.');
                break;
            case PatternNode.Class set:
                AppendClass(set);
                break;
            case PatternNode.Anchor anchor:
                _needsBacktracking |= anchor.Text == "\\G";
                _output.Append(anchor.Text);
                break;
            case PatternNode.Options options:
                _output.Append(options.Text);
                break;
            case PatternNode.Reference reference:
                _needsBacktracking = true;

                // In a group of its own: a digit behind it is not part of the number.
                _output.Append(CultureInfo.InvariantCulture, $"(?:\\{reference.Number})");
                break;
            case PatternNode.Group group:
                var isAtomic = group.Kind == GroupKind.Atomic;
                _needsBacktracking |= group.Kind is GroupKind.LookAhead or GroupKind.Look || (isAtomic && !isRelaxed);
                _output.Append(isAtomic && isRelaxed ? "(?:" : group.Opening);
                Append(group.Inner);
                _output.Append(')');
                break;
            case PatternNode.Sequence sequence:
                foreach (var item in sequence.Items)
                {
                    Append(item);
                }

                break;
            case PatternNode.Choice choice:
                for (var i = 0; i < choice.Items.Count; i++)
                {
                    _output.Append(i == 0 ? "" : "|");
                    Append(choice.Items[i]);
                }

                break;
            case PatternNode.Repeat repeat:
                AppendRepeat(repeat);
                break;
        }
    }

    private void AppendClass(PatternNode.Class set)
    {
        var known = Array.FindIndex(Sets, other => Same(other, set.Set));
        if (known >= 0)
        {
            _output.Append('\\').Append((set.IsNegated ? "DWS" : "dws")[known]);
        }
        else if (set.Set.Count is 0 or 256)
        {
            // Everything or nothing; .NET has no empty class.
            _output.Append(set.Set.Count == 0 == set.IsNegated ? "[\\s\\S]" : "[^\\s\\S]");
        }
        else
        {
            _output.Append(set.IsNegated ? "[^" : "[");
            set.Set.WriteTo(_output);
            _output.Append(']');
        }
    }

    private void AppendRepeat(PatternNode.Repeat repeat)
    {
        var isPossessive = repeat.IsPossessive && !isRelaxed;
        _needsBacktracking |= isPossessive;
        _output.Append(isPossessive ? "(?>" : "");
        var isSimple = repeat.Inner is PatternNode.Literal or PatternNode.Any or PatternNode.Class or PatternNode.Group or PatternNode.Reference;
        _output.Append(isSimple ? "" : "(?:");
        Append(repeat.Inner);
        _output.Append(isSimple ? "" : ")");
        _output.Append((repeat.Min, repeat.Max) switch
        {
            (0, -1) => "*",
            (1, -1) => "+",
            (0, 1) => "?",
            (var min, -1) => string.Create(CultureInfo.InvariantCulture, $"{{{min},}}"),
            var (min, max) => min == max ? string.Create(CultureInfo.InvariantCulture, $"{{{min}}}") : string.Create(CultureInfo.InvariantCulture, $"{{{min},{max}}}"),
        });
        _output.Append(repeat.IsLazy ? "?" : "");
        _output.Append(isPossessive ? ")" : "");
    }

    private static bool Same(ByteSet left, ByteSet right)
    {
        for (var value = 0; value < 256; value++)
        {
            if (left[value] != right[value])
            {
                return false;
            }
        }

        return true;
    }
}
