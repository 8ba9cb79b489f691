# plot.gp - what bench/run found, as a picture: `data` has two blocks, `out` is
# the file, `machine` says where it was measured.
set terminal svg size 900,640 font "sans,12" background "white"
set output out
set multiplot layout 2,1 title machine
set title "How fast sopool is, as a part of its peer or of the machine's limit"
set style data histograms
set style fill solid 0.7
set boxwidth 0.7
set yrange [0.05:3]
set logscale y
set ylabel "times"
set grid y
unset key
set xtics font ",9" nomirror
plot data index 0 using 2:xtic(1) linecolor rgb "#3070b0", 1 linecolor rgb "black"
set title "Time for a call, by how many are queued"
unset logscale
set logscale x
set yrange [0:*]
set xrange [500:20000000]
set xlabel "calls"
set ylabel "ns"
set format x "10^{%L}"
plot data index 1 using 1:2 with linespoints pointtype 7 linecolor rgb "#3070b0"
unset multiplot
