// The parts of ECharts that the report uses, and nothing else.
import { BarChart, LineChart, PieChart } from "echarts/charts";
import { AxisPointerComponent, GridComponent, TitleComponent } from "echarts/components";
import { getInstanceByDom, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([
  AxisPointerComponent,
  BarChart,
  GridComponent,
  LineChart,
  PieChart,
  SVGRenderer,
  TitleComponent,
]);

export { getInstanceByDom as instanceOf, init };
